/**
 * The ledger (registro): what the law wants written of every operation (RFC 6109 2.3), in the transaction of the fact (I6).
 * Rooms make entries here and hand them to `ledger_append` inside their own database function; nobody changes one.
 */
import type { Instant } from '../base/instant.ts'

/**
 * What happened. `accepted` stands for the acceptance, its receipt and its envelope: one transaction, one instant (I7); `refused` for a
 * non-acceptance with its notice; `taken-in-charge` for another provider's envelope that came in, with its take-in-charge; `arrived` for
 * other mail that came in; `virus-found` for an envelope that goes no further; `relayed` for what another server has taken over;
 * `entries-deleted` for entries of the ledger whose time is over; `extract-requested` and `extract-made` for who wanted to know what it says;
 * `audit-sealed` for a segment of the audit log, whose hash is its detail.
 */
export type LedgerEvent =
  | 'accepted'
  | 'refused'
  | 'taken-in-charge'
  | 'arrived'
  | 'virus-found'
  | 'delivered'
  | 'delivery-failed'
  | 'receipt-received'
  | 'timeout-notice'
  | 'relayed'
  | 'entries-deleted'
  | 'audit-sealed'
  | 'extract-requested'
  | 'extract-made'

export interface LedgerFacts {
  readonly pecMsgid: string
  readonly msgid: string | null
  readonly sender: string
  /** those that the event is about */
  readonly recipients: readonly string[]
  readonly subject: string
}

export interface LedgerEntry extends LedgerFacts {
  readonly at: number
  readonly event: LedgerEvent
  /** Message-IDs of the messages that the event made, without angle brackets */
  readonly related: readonly string[]
  /** the sending provider */
  readonly provider: string
  readonly detail: string | null
}

/** As it is stored: with its place. */
export interface NumberedEntry extends LedgerEntry {
  readonly slot: number
  readonly seq: number
}

/**
 * An entry as it goes to `ledger_append`. NULs, which PostgreSQL cannot keep in a text, become U+FFFD.
 * @param related Message-IDs of what the event made
 */
export function ledgerEntry(
  event: LedgerEvent,
  at: Instant,
  facts: LedgerFacts,
  { related, provider, detail = null }: { related: readonly string[]; provider: string; detail?: string | null },
): LedgerEntry {
  const { pecMsgid, msgid, sender, recipients, subject } = facts
  return { at: at.ms, event, pecMsgid, msgid, sender, recipients, subject: storable(subject), related, provider, detail }
}

/** A text that PostgreSQL's JSON and text types accept. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd')
}

/** A stored entry in the one form over which it will be sealed: a JSON array of fixed order, UTF-8. */
export function canonicalForm(slot: number, seq: number, entry: LedgerEntry): string {
  const { at, event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail } = entry
  return JSON.stringify([
    1,
    slot,
    seq,
    new Date(at).toISOString(),
    event,
    pecMsgid,
    msgid,
    sender,
    recipients,
    subject,
    related,
    provider,
    detail,
  ])
}

/** What a canonical form says; null where it is not exactly one. */
export function readCanonicalForm(line: string): NumberedEntry | null {
  try {
    const [, slot, seq, at, event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail] = JSON.parse(
      line,
    ) as CanonicalFields
    const entry = { at: Date.parse(at), event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail }
    return canonicalForm(slot, seq, entry) === line && isWhole(entry) ? { slot, seq, ...entry } : null
  } catch (error) {
    // No JSON, or of another shape, or no time: it came from outside and may be anything.
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return null
    throw error
  }
}

const isText = (value: unknown): boolean => typeof value === 'string'

const isWhole = ({ event, pecMsgid, sender, recipients, related, provider }: LedgerEntry): boolean =>
  [event, pecMsgid, sender, provider].every(isText) && recipients.every(isText) && related.every(isText)

/** The places of a canonical form. */
export type CanonicalFields = [
  number,
  number,
  number,
  string,
  LedgerEvent,
  string,
  string | null,
  string,
  string[],
  string,
  string[],
  string,
  string | null,
]
