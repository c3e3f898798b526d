/** Something that happened, as it was read from a log, and how it is told to a subscription. Pure. */
import type { WebhookEventKind } from './event-kinds.ts'

export type Bound = 'provider' | 'order' | 'mailbox'

type Value = string | number | null | readonly string[]

export interface WebhookEvent {
  /** where it stands in the log, so that it is the same whoever reads it: `ledger-17-345` */
  readonly id: string
  readonly kind: WebhookEventKind
  /** milliseconds since 1970 */
  readonly at: number
  /** what it is about: events with the same are told in order */
  readonly subject: string
  /** the certified address that it is about, in lower case; null: none */
  readonly mailbox: string | null
  /** the order that it is about, where the log says it; undefined: that of the mailbox, if it has one */
  readonly order?: string
  readonly data: Readonly<Record<string, Value>>
  /** what only the mailbox itself is told besides */
  readonly own?: Readonly<Record<string, Value>>
}

/** Whose a subscription is, and what of. */
export interface Listener {
  readonly id: string
  readonly kinds: readonly string[]
  readonly bound: Bound
  /** code of the order, or address of the mailbox; empty: the provider's */
  readonly boundName: string
  /** milliseconds since 1970: what was before is not told */
  readonly since: number
}

/** The clocks of two processes may differ by a second, and the ledger's times are whole seconds. */
export const CLOCK_MARGIN_MS = 2000

/** @param orderOf the orders of mailboxes */
export function isFor(event: WebhookEvent, listener: Listener, orderOf: ReadonlyMap<string, string>): boolean {
  const { kind, at, mailbox } = event
  if (!listener.kinds.includes(kind) || at < listener.since - CLOCK_MARGIN_MS) return false
  if (event.subject === `webhook:${listener.id}`) return false
  if (listener.bound === 'provider') return true
  if (listener.bound === 'mailbox') return mailbox === listener.boundName
  const order = event.order ?? (mailbox === null ? undefined : orderOf.get(mailbox))
  return order === listener.boundName
}

/** What is sent: `type`, `timestamp`, `data`, as Standard Webhooks has it. */
export function bodyFor(
  { kind, at, data, own, mailbox }: WebhookEvent,
  { bound, boundName }: Pick<Listener, 'bound' | 'boundName'>,
): string {
  const isOwn = bound === 'mailbox' && mailbox === boundName
  return JSON.stringify({ type: kind, timestamp: new Date(at).toISOString(), data: { ...data, ...(isOwn && own) } })
}
