/** Options that say whose a webhook or a token shall be. */
import { clientError } from '../base/errors.ts'
import type { Owner } from '../webhooks/subscriptions.ts'
import { textOf, type Invocation } from './command.ts'

export const OWNER_OPTIONS = {
  order: { type: 'string', value: 'CODE', help: 'for what is of this order; default: all of the provider' },
  mailbox: { type: 'string', value: 'ADDRESS', help: 'for what is of this mailbox' },
} as const

/** @throws `usage` */
export function wantedOwner(options: Invocation['options']): Owner {
  const [order, mailbox] = [textOf(options, 'order'), textOf(options, 'mailbox')]
  if (order !== undefined && mailbox !== undefined) throw clientError('usage', 'Give --order or --mailbox, not both')
  if (order !== undefined) return { bound: 'order', name: order }
  return mailbox === undefined ? { bound: 'provider', name: '' } : { bound: 'mailbox', name: mailbox }
}
