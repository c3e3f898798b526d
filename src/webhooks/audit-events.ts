/** What the audit log's entries tell: of contracts and requests (src/registry/agreement/states.ts), and of webhooks themselves. Pure. */
import type { AuditAct } from '../audit/acts.ts'
import type { AuditEntry } from '../audit/queries.ts'
import type { WebhookEventKind } from './event-kinds.ts'
import type { WebhookEvent } from './events.ts'

/** What is read of the audit log. */
export const AUDIT_ACTS: readonly AuditAct[] = ['state-changed', 'webhook-paused']

/** Whose a request or a contract is. */
export interface SubjectOwner {
  readonly order: string
  /** the certified address */
  readonly address: string
}

/** By the event of the table of transitions that a contract went through. */
const CONTRACT: Readonly<Record<string, WebhookEventKind>> = {
  begin: 'mailbox.activated',
  'open-renewal': 'mailbox.expiring',
  renew: 'mailbox.renewed',
  expire: 'mailbox.suspended',
  revoke: 'mailbox.suspended',
  withdraw: 'mailbox.suspended',
  transfer: 'mailbox.suspended',
  die: 'mailbox.suspended',
  end: 'mailbox.ended',
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `contract:ID` in its two parts. */
export function partsOf(object: string): [kind: string, id: string] {
  const at = object.indexOf(':')
  return [object.slice(0, at), object.slice(at + 1)]
}

/** @param owner whose the object is; undefined where nobody knows it */
export function eventOfAct(entry: AuditEntry, owner: SubjectOwner | undefined): WebhookEvent | undefined {
  const { at, act, object, details } = entry
  const [objectKind, id] = partsOf(object)
  const about = { id: `audit-${entry.entry.replace('/', '-')}`, at: at.getTime(), subject: object }
  if (act === 'webhook-paused') {
    const [bound, name] = partsOf(textOf(details['owner']))
    const data = { webhook: id, cause: textOf(details['because']) }
    const mailbox = bound === 'mailbox' ? name : null
    return { ...about, kind: 'webhook.paused', mailbox, ...(bound === 'order' && { order: name }), data }
  }
  if (!owner) return undefined
  const { order, address } = owner
  const [cause, state] = [textOf(details['event']), textOf(details['to'])]
  if (objectKind === 'request') {
    const from = details['from'] === null ? null : textOf(details['from'])
    // Erasing the data of a request is no change of its state.
    return from === state
      ? undefined
      : { ...about, kind: 'request.changed', mailbox: null, order, data: { request: id, order, from, state, cause } }
  }
  const kind = objectKind === 'contract' ? CONTRACT[cause] : undefined
  const mailbox = address.toLowerCase()
  // In one order with the messages of the mailbox.
  const subject = `mailbox:${mailbox}`
  return kind && { ...about, kind, subject, mailbox, order, data: { mailbox, order, contract: id, state, cause } }
}
