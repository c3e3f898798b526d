/**
 * What the ledger's entries tell. Each side hears of what stands in its own mailbox's slot: the sender of acceptance and outcomes, the
 * recipient of what arrives. Pure.
 */
import type { LedgerEvent } from '../ledger/entry.ts'
import type { FollowedEntry } from '../ledger/follow-queries.ts'
import type { ReceiptKind } from '../transport/types.ts'
import type { WebhookEventKind } from './event-kinds.ts'
import type { WebhookEvent } from './events.ts'

/** A receipt in its sender's mailbox, by the identifier of its message. */
export interface KnownReceipt {
  readonly kind: ReceiptKind
  readonly origin: 'local' | 'remote' | 'own'
}

const SENDER: Partial<Record<LedgerEvent, WebhookEventKind>> = {
  accepted: 'message.accepted',
  refused: 'message.refused',
  relayed: 'message.relayed',
}
const RECIPIENT: Partial<Record<LedgerEvent, WebhookEventKind>> = {
  delivered: 'message.arrived',
  'taken-in-charge': 'message.taken-in-charge',
}
const BY_RECEIPT: Record<ReceiptKind, WebhookEventKind> = {
  delivery: 'message.delivered',
  'non-delivery': 'message.failed',
  'timeout-12': 'message.delayed',
  'timeout-24': 'message.expired',
}
/** Entries that are about a receipt in the sender's mailbox, if there is one. */
const OUTCOMES: readonly LedgerEvent[] = ['receipt-received', 'delivery-failed', 'timeout-notice']

/** What is read of the ledger. */
export const LEDGER_EVENTS = [...Object.keys(SENDER), ...Object.keys(RECIPIENT), ...OUTCOMES] as LedgerEvent[]

export const isOutcome = ({ event }: FollowedEntry): boolean => OUTCOMES.includes(event)

/** @param receipt the one that an outcome made in the slot of the entry; undefined: none */
export function eventsOf(entry: FollowedEntry, receipt: KnownReceipt | undefined): WebhookEvent[] {
  const { event, recipients } = entry
  const recipientKind = RECIPIENT[event]
  if (recipientKind) return recipients.map((recipient, index) => received(entry, recipientKind, recipient, index))
  const senderKind = SENDER[event] ?? outcomeOf(entry, receipt)
  return senderKind ? [sent(entry, senderKind)] : []
}

/** A local recipient's failure stands in his slot, and in the sender's once its notice is there: only the latter counts. */
function outcomeOf({ event }: FollowedEntry, receipt: KnownReceipt | undefined): WebhookEventKind | undefined {
  if (!receipt || (receipt.origin === 'own') === (event === 'receipt-received')) return undefined
  return BY_RECEIPT[receipt.kind]
}

const idOf = ({ slot, seq }: FollowedEntry): string => `ledger-${slot}-${seq}`

function sent(entry: FollowedEntry, kind: WebhookEventKind): WebhookEvent {
  const { at, pecMsgid, msgid, sender, recipients, subject } = entry
  const mailbox = sender.toLowerCase()
  return {
    id: idOf(entry),
    kind,
    at: at.getTime(),
    subject: `mailbox:${mailbox}`,
    mailbox,
    data: { mailbox, pecMsgid, recipients: recipients.length },
    own: { recipientAddresses: recipients, subject, msgid },
  }
}

function received(entry: FollowedEntry, kind: WebhookEventKind, recipient: string, index: number): WebhookEvent {
  const { at, pecMsgid, msgid, sender, subject } = entry
  const mailbox = recipient.toLowerCase()
  return {
    id: index === 0 ? idOf(entry) : `${idOf(entry)}-${index}`,
    kind,
    at: at.getTime(),
    subject: `mailbox:${mailbox}`,
    mailbox,
    data: { mailbox, pecMsgid },
    own: { sender, subject, msgid },
  }
}
