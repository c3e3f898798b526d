/**
 * What becomes of a request, a contract and a renewal: the one table of their states and transitions. Whoever changes a state does it by
 * `transition.ts`, which asks this table. Pure.
 *
 * A request: requested → identity-pending → payment-pending → review-pending → approved, which makes a contract.
 * A contract: active → expiring → suspended → ended; revoked, withdrawn and deceased beside them, which end too.
 * A renewal: awaiting-payment → concluded; after the last day by way of late-pending, where an operator decides.
 */
import type { MailboxStatus } from '../status.ts'
import type { FactKind } from './address-facts.ts'

export const ROLES = ['holder', 'order', 'operator', 'machine'] as const
/** Who does something: `machine` is a timer of ours, or a payment provider. */
export type Role = (typeof ROLES)[number]

export const STATES = {
  request: ['requested', 'identity-pending', 'payment-pending', 'review-pending', 'approved', 'rejected', 'abandoned'],
  contract: ['active', 'expiring', 'suspended', 'revoked', 'withdrawn', 'deceased', 'ended'],
  renewal: ['awaiting-payment', 'late-pending', 'concluded', 'refused', 'lapsed'],
} as const

export type Subject = keyof typeof STATES
export type State = (typeof STATES)[Subject][number]

/** What is told, by ordinary e-mail. */
export type NoticeKind =
  | 'activation'
  /** to the order only: a fact of the history of its members' addresses */
  | 'address-communicated'
  | 'confirm-email'
  | 'content-deleted'
  | 'document-wanted'
  | 'payment-awaited'
  | 'payment-registered'
  | 'reminder'
  | 'renewal-concluded'
  | 'renewal-late'
  | 'renewal-refused'
  | 'request-abandoned'
  | 'request-rejected'
  | 'service-ended'
  | 'service-suspended'
  | 'service-stopped'

export interface Effect {
  /** notices to the holder; the order is told facts */
  readonly tell?: readonly NoticeKind[]
  /** what becomes of the address, for its history: it is communicated to the order */
  readonly fact?: FactKind
  /** the mailbox follows the contract's state (MAILBOX_STATUS) */
  readonly mailbox?: true
  /** the personal data of the request and its document go after the term */
  readonly erase?: true
}

export interface Transition extends Effect {
  readonly subject: Subject
  readonly from: readonly State[]
  readonly event: string
  readonly by: readonly Role[]
  readonly to: State
}

const request = <Event extends string>(
  from: readonly (typeof STATES.request)[number][],
  event: Event,
  by: readonly Role[],
  to: State,
  effect: Effect = {},
) => ({ subject: 'request', from, event, by, to, ...effect }) as const
const contract = <Event extends string>(
  from: readonly (typeof STATES.contract)[number][],
  event: Event,
  by: readonly Role[],
  to: State,
  effect: Effect = {},
) => ({ subject: 'contract', from, event, by, to, ...effect }) as const
const renewal = <Event extends string>(
  from: readonly (typeof STATES.renewal)[number][],
  event: Event,
  by: readonly Role[],
  to: State,
  effect: Effect = {},
) => ({ subject: 'renewal', from, event, by, to, ...effect }) as const

const PAYERS: readonly Role[] = ['operator', 'machine']
const LIVING = ['active', 'expiring', 'suspended'] as const
const STOPPED = { tell: ['service-stopped'], fact: 'stopped', mailbox: true } as const
const RENEWED = { tell: ['renewal-concluded'], mailbox: true } as const

export const TRANSITIONS = [
  request(['requested'], 'confirm-email', ['holder'], 'identity-pending'),
  // The order pays, or the payment is there already: straight to review.
  request(['identity-pending'], 'give-document', ['holder', 'operator'], 'payment-pending', {
    tell: ['payment-awaited'],
  }),
  request(['identity-pending'], 'give-document-paid', ['holder', 'operator'], 'review-pending'),
  request(['payment-pending'], 'pay', PAYERS, 'review-pending', { tell: ['payment-registered'] }),
  request(['payment-pending', 'review-pending'], 'ask-document', ['operator'], 'identity-pending', {
    tell: ['document-wanted'],
  }),
  request(['review-pending'], 'approve', ['operator'], 'approved'),
  request(['requested', 'identity-pending', 'payment-pending', 'review-pending'], 'reject', ['operator'], 'rejected', {
    tell: ['request-rejected'],
    erase: true,
  }),
  request(['requested', 'identity-pending', 'payment-pending'], 'abandon', ['holder', 'machine'], 'abandoned', {
    tell: ['request-abandoned'],
    erase: true,
  }),

  contract(['active'], 'open-renewal', ['machine'], 'expiring'),
  contract(['active', 'expiring'], 'renew', PAYERS, 'active', RENEWED),
  contract(['suspended'], 'renew', PAYERS, 'active', { ...RENEWED, fact: 'resumed' }),
  contract(['active', 'expiring'], 'expire', ['machine'], 'suspended', {
    tell: ['service-suspended'],
    fact: 'suspended',
    mailbox: true,
  }),
  contract(LIVING, 'revoke', ['order', 'operator'], 'revoked', STOPPED),
  contract(LIVING, 'withdraw', ['holder', 'operator'], 'withdrawn', STOPPED),
  contract(LIVING, 'transfer', ['holder', 'operator'], 'withdrawn', STOPPED),
  contract([...LIVING, 'revoked', 'withdrawn'], 'die', ['order', 'operator'], 'deceased', {
    fact: 'stopped',
    mailbox: true,
  }),
  contract(['suspended', 'revoked', 'withdrawn', 'deceased'], 'end', ['machine'], 'ended', {
    tell: ['service-ended'],
    fact: 'ended',
    mailbox: true,
  }),

  renewal(['awaiting-payment'], 'pay', PAYERS, 'concluded'),
  renewal(['awaiting-payment'], 'pay-late', PAYERS, 'late-pending', { tell: ['renewal-late'] }),
  renewal(['late-pending'], 'accept-late', ['operator'], 'awaiting-payment', { tell: ['payment-awaited'] }),
  renewal(['late-pending'], 'accept-late-paid', ['operator'], 'concluded'),
  renewal(['late-pending'], 'refuse-late', ['operator'], 'refused', { tell: ['renewal-refused'] }),
  renewal(['awaiting-payment', 'late-pending'], 'cancel', ['holder', 'operator'], 'lapsed'),
  renewal(['awaiting-payment', 'late-pending'], 'lapse', ['machine'], 'lapsed'),
] as const satisfies readonly Transition[]

export type EventOf<S extends Subject> = Extract<(typeof TRANSITIONS)[number], { subject: S }>['event']

/**
 * What the mailbox of a contract is (src/registry/status.ts). Who is revoked or withdraws still reads and exports until the end; of who died
 * nobody reads, for who may is not ours to say.
 */
export const MAILBOX_STATUS: Readonly<Record<(typeof STATES.contract)[number], MailboxStatus>> = {
  active: 'active',
  expiring: 'active',
  suspended: 'suspended',
  revoked: 'suspended',
  withdrawn: 'suspended',
  deceased: 'disabled',
  ended: 'revoked',
}

export type Answer =
  | { readonly transition: Transition }
  /** the event is not for this state, or not for this role */
  | { readonly refused: 'not-in-this-state' | 'not-yours' }

/** What an event of somebody does to what is in a state. */
export function transitionFor(subject: Subject, state: State, event: string, role: Role): Answer {
  const all: readonly Transition[] = TRANSITIONS
  const transition = all.find((one) => one.subject === subject && one.event === event && one.from.includes(state))
  if (!transition) return { refused: 'not-in-this-state' }
  return transition.by.includes(role) ? { transition } : { refused: 'not-yours' }
}
