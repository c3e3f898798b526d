/** What is kept of a message's header so that searches, sorting and threads need not read it again. Pure. */
import { baseSubject } from '../mime/base-subject.ts'
import { casemap } from '../mime/casemap.ts'
import { parseDateField } from '../mime/date-field.ts'
import { decodeHeaderText } from '../mime/encoding.ts'
import { messageIds } from '../mime/message-ids.ts'
import type { Address, Envelope } from '../mime/structure.ts'
import { columnText, columnTexts, storable } from './folded-text.ts'
import type { HeaderFields } from './search-texts.ts'

/** Names are those of the table's columns. */
export interface HeaderColumns {
  readonly subject: string
  readonly from_text: string
  readonly to_text: string
  readonly cc_text: string
  readonly bcc_text: string
  readonly sent_day: number | null
  readonly sent_at: string | null
  readonly base_subject: string
  readonly is_reply: boolean
  readonly sort_from: string
  readonly sort_to: string
  readonly sort_cc: string
  readonly display_from: string
  readonly display_to: string
}

/** A zone may put the last day of 9999 into a year that is written otherwise. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59)

export function headerColumns(envelope: Envelope | null): HeaderColumns {
  const subject = decodeHeaderText(envelope?.subject ?? '')
  const [from, to, cc, bcc] = [envelope?.from ?? [], envelope?.to ?? [], envelope?.cc ?? [], envelope?.bcc ?? []]
  const sent = parseDateField(envelope?.date ?? '')
  const base = baseSubject(subject)
  return {
    subject: columnText(subject),
    from_text: addressTexts(from),
    to_text: addressTexts(to),
    cc_text: addressTexts(cc),
    bcc_text: addressTexts(bcc),
    sent_day: sent?.day ?? null,
    sent_at: typeof sent?.ms === 'number' ? new Date(Math.min(sent.ms, LAST)).toISOString() : null,
    base_subject: collated(base.text),
    is_reply: base.isReply,
    sort_from: collated(from[0]?.mailbox ?? ''),
    sort_to: collated(to[0]?.mailbox ?? ''),
    sort_cc: collated(cc[0]?.mailbox ?? ''),
    display_from: collated(displayName(from[0])),
    display_to: collated(displayName(to[0])),
  }
}

export interface FieldsColumns {
  readonly fields: string | null
  readonly thread: readonly string[]
}

export function fieldsColumns(fields: HeaderFields): FieldsColumns {
  const first = (name: string): string => fields.find((field) => field.name === name)?.raw ?? ''
  const [own = ''] = messageIds(first('message-id'))
  const references = messageIds(first('references'))
  // RFC 5256 3: of In-Reply-To the first one counts, if there are no references.
  const parents = references.length > 0 ? references : messageIds(first('in-reply-to')).slice(0, 1)
  return {
    fields: columnTexts(fields.map(({ name, value }) => `${name}: ${value}`)),
    thread: [own, ...parents].map(storable),
  }
}

const collated = (text: string): string => storable(casemap(text))

const addressTexts = (addresses: readonly Address[]): string => columnText(addresses.map(addressText).join(', '))

function addressText({ name, mailbox, host }: Address): string {
  const shown = name === null ? '' : `${decodeHeaderText(name)} `
  return host === null ? `${shown}${mailbox ?? ''}` : `${shown}<${mailbox ?? ''}@${host}>`
}

/** RFC 5957 3: the name that is shown, else the address. */
function displayName(address: Address | undefined): string {
  if (!address) return ''
  if (address.name !== null) return decodeHeaderText(address.name)
  return address.host === null ? (address.mailbox ?? '') : `${address.mailbox ?? ''}@${address.host}`
}
