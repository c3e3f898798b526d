/** Who wants an extract of the ledger, on what title, of what; and how that is entered in the ledger itself. */
import { clientError } from '../base/errors.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import { ledgerEntry, storable, type LedgerEntry } from '../ledger/entry.ts'
import type { ExtractRange } from '../ledger/extract-queries.ts'

export type ExtractTitle = 'holder' | 'authority'
export type Language = 'it' | 'en'

export interface ExtractRequest {
  /** an address of ours, in any case */
  readonly mailbox: string | null
  /** a certified identifier, with or without angle brackets */
  readonly message: string | null
  /** milliseconds since 1970, both included; null for all that is kept */
  readonly from: number | null
  readonly to: number | null
  /** name of the person or body that asks */
  readonly requestedBy: string
  readonly title: ExtractTitle
  /** such as the reference of an authority's order */
  readonly reason: string
  /** who does it at the provider */
  readonly madeBy: string
  readonly language: Language
}

/** A request that may be answered. */
export interface RecordedRequest extends ExtractRange {
  /** extract-UUID */
  readonly id: string
  readonly instant: Instant
  readonly requestedBy: string
  readonly title: ExtractTitle
  readonly reason: string
  readonly madeBy: string
  readonly language: Language
}

const MOST_CHARACTERS = 500

function checkedText(name: string, text: string): string {
  const trimmed = storable(text).trim()
  if (trimmed === '') throw clientError('extract-request', `say --${name}: it is recorded with the request`)
  if (trimmed.length > MOST_CHARACTERS)
    throw clientError('extract-request', `--${name} is longer than ${MOST_CHARACTERS} characters: shorten it`)
  return trimmed
}

/**
 * @param at milliseconds since 1970: nothing later is in the extract
 * @throws `extract-request` that says what to give instead
 */
export function checkedRequest(request: ExtractRequest, id: string, at: number): RecordedRequest {
  const instant = instantOf(at)
  const { mailbox, message, title, madeBy, language } = request
  if (mailbox === null && message === null) throw clientError('extract-request', 'say --mailbox ADDRESS or --message ID, or both')
  // A holder may know what the ledger says of him, not what it says of the others of a message.
  if (title === 'holder' && mailbox === null)
    throw clientError('extract-request', 'a holder gets an extract of his own mailbox: say --mailbox ADDRESS as well')
  const from = request.from ?? 0
  const to = Math.min(request.to ?? at, at)
  if (from > to) throw clientError('extract-request', 'the period ends before it begins: look at --from and --to')
  return {
    id,
    instant,
    mailbox: mailbox?.toLowerCase() ?? null,
    message: message?.replace(/^<(.*)>$/, '$1') ?? null,
    from,
    to,
    requestedBy: checkedText('requested-by', request.requestedBy),
    title,
    reason: checkedText('reason', request.reason),
    madeBy,
    language,
  }
}

const noFacts = (id: string, subject: string) => ({ pecMsgid: id, msgid: null, sender: '', recipients: [], subject })

/** The request as files and the ledger have it. */
export const requestFacts = ({ mailbox, message, from, to, requestedBy, title, reason, madeBy }: RecordedRequest) => ({
  mailbox,
  message,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  requestedBy,
  title,
  reason,
  madeBy,
})

/** Neither sender nor recipient: an extract of the mailbox never has it, and a holder does not learn from one of an authority's request. */
export function requestEntry(request: RecordedRequest, provider: string): LedgerEntry {
  const detail = JSON.stringify(requestFacts(request))
  const facts = noFacts(request.id, 'extract of the ledger requested')
  return ledgerEntry('extract-requested', request.instant, facts, { related: [], provider, detail })
}

/** @param manifest SHA-256 of the manifest, which has those of all files */
export function madeEntry(
  { id }: RecordedRequest,
  at: number,
  made: { entries: number; manifest: Buffer },
  provider: string,
): LedgerEntry {
  const detail = JSON.stringify({ entries: made.entries, manifest: made.manifest.toString('hex') })
  return ledgerEntry('extract-made', instantOf(at), noFacts(id, 'extract of the ledger made'), { related: [], provider, detail })
}
