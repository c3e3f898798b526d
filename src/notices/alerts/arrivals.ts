/** What a message that has come is, from the first bytes of it: its kind, who wrote it, the user's subject. Nothing of what it says. */
import { CeralaccaError } from '../../base/errors.ts'
import type { Contents } from '../../mailbox/contents.ts'
import { decodeHeaderText } from '../../mime/encoding.ts'
import { fieldsOf, parseHeader, unfold, type Header } from '../../mime/header.ts'
import { kindOf, readMarks, type MarkedKind } from '../../pec/marks.ts'
import { withoutPrefix } from '../../pec/subject-prefix.ts'
import type { NewMessage } from './queries.ts'
import type { ArrivalKind, Arrived } from './types.ts'

/**
 * The field that marks an alert. Where somebody's ordinary mailbox passes his alerts on to the certified one, they come back in anomaly
 * envelopes: about those nothing is told, or it would go round for ever.
 */
export const ALERT_FIELD = 'X-Ceralacca-Alert'
const OWN_ALERT = new RegExp(`^${ALERT_FIELD}:`, 'im')

/** Most headers are shorter; how much is read of the others, and of what may enclose an alert. */
const SHORT = 8 * 1024
const LONG = 64 * 1024
/** As many as one statement takes (mailbox/short-reads.ts). */
const AT_ONCE = 64

export type ArrivalReader = (slot: number, messages: readonly NewMessage[]) => Promise<Arrived[]>

/** Answers which of these messages may be told, in their order: what has gone meanwhile, or is no certified mail, is left out. */
export function createArrivalReader(contents: Pick<Contents, 'read'>): ArrivalReader {
  async function beginning(slot: number, { content, size }: NewMessage, most: number): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(contents.read(slot, content, 0, Math.min(size, most))))
  }

  async function read(slot: number, message: NewMessage): Promise<Arrived | undefined> {
    let bytes = await beginning(slot, message, SHORT)
    let header = parseHeader(bytes)
    if (message.size > SHORT && (header.bodyStart === bytes.length || kindOf(readMarks(header)) === 'anomalia')) {
      bytes = await beginning(slot, message, LONG)
      header = parseHeader(bytes)
    }
    const marked = kindOf(readMarks(header))
    if (marked === null || (marked === 'anomalia' && OWN_ALERT.test(bytes.toString('latin1')))) return undefined
    const kind = ARRIVAL_OF[marked] ?? 'receipts'
    return { kind, at: message.at, sender: kind === 'receipts' ? null : senderOf(header), subject: subjectOf(header) }
  }

  /** A message may be removed at any time. */
  async function readOrSkip(slot: number, message: NewMessage): Promise<Arrived | undefined> {
    try {
      return await read(slot, message)
    } catch (thrown) {
      if (thrown instanceof CeralaccaError && thrown.code === 'content-missing') return undefined
      throw thrown
    }
  }

  return async (slot, messages) => {
    const arrived: (Arrived | undefined)[] = []
    for (let at = 0; at < messages.length; at += AT_ONCE)
      arrived.push(...(await Promise.all(messages.slice(at, at + AT_ONCE).map((message) => readOrSkip(slot, message)))))
    return arrived.filter((one) => one !== undefined)
  }
}

const ARRIVAL_OF: Partial<Record<MarkedKind, ArrivalKind>> = { 'posta-certificata': 'envelopes', anomalia: 'anomalies' }

/** From is the provider's, with the sender in its name (RFC 6109 2.1); what is not so shows as it stands. */
function senderOf(header: Header): string {
  const from = textOf(header, 'From')
  const [, sender] = /Per conto di:\s*([^\s"<>]+@[^\s"<>]+)/i.exec(from) ?? []
  return sender ?? from
}

const subjectOf = (header: Header): string => {
  const raw = rawOf(header, 'Subject')
  return plain(decodeHeaderText(withoutPrefix(raw) ?? raw))
}

const rawOf = (header: Header, name: string): string => unfold(fieldsOf(header, name)[0]?.value ?? '')
const textOf = (header: Header, name: string): string => plain(decodeHeaderText(rawOf(header, name)))

const LONGEST = 200

/** Control characters, and what turns the direction of text round, would make a line say what it does not. */
function plain(text: string): string {
  const one = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return one.length <= LONGEST ? one : `${one.slice(0, LONGEST - 1).toWellFormed()}…`
}
