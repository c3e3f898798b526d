/**
 * FETCH responses. What the stored structure tells is not read from the message; short texts are read ahead for a few messages at a time;
 * long ones are passed on piece by piece, as fast as the client takes them.
 */
import { parseHeader } from '../../mime/header.ts'
import type { MailboxRef, MailboxStore, StoredContent, StoredMessage, StructureWanted } from '../../mailbox/types.ts'
import { messageObjectId } from '../../mailbox/object-ids.ts'
import { formatDateTime } from './dates.ts'
import { decodedSize, decodedText } from './decoded-text.ts'
import type { DecodedSizeItem, FetchItem, PreviewItem, SectionItem, SimpleItem } from './fetch-items.ts'
import { formatFlags } from './flags.ts'
import type { MessageList } from './message-list.ts'
import { writeLong } from './long-text.ts'
import type { LongText } from './long-text.ts'
import type { Output } from '../wire/output.ts'
import { isWhole, sectionRange } from './section.ts'
import type { ByteRange, Section } from './section.ts'
import { formatString } from './strings.ts'
import { formatEnvelope, formatStructure } from './structure-format.ts'

/** Texts up to this size are read whole, as long as those of one message do not exceed it together. */
export const SHORT_TEXT = 64 * 1024

export interface FetchDeps {
  readonly store: Pick<MailboxStore, 'read' | 'preview'>
  readonly mailbox: MailboxRef
  readonly list: MessageList
}

/** A response ready to be written. */
export type FetchResponse = readonly (string | Buffer | LongText)[]

/** Items that a session knows without the store. */
export function listItem(item: FetchItem, list: MessageList, seq: number): string | undefined {
  if (item.kind === 'uid') return `UID ${list.uid(seq)}`
  if (item.kind === 'flags') return `FLAGS ${formatFlags(list.flags(seq), list.keywordsOf(seq))}`
  if (item.kind === 'modseq') return `MODSEQ (${list.modseq(seq)})`
  return undefined
}

/** Is the structure of the messages needed, or are their rows and their bytes enough? If BODYSTRUCTURE alone needs it, what was shown of it is. */
export function structureWanted(items: readonly FetchItem[]): StructureWanted {
  const needing = items.filter((item) =>
    readsText(item) ? !isWhole(item.section) : ['envelope', 'body', 'bodystructure'].includes(item.kind),
  )
  if (needing.length === 0) return false
  return needing.every((item) => item.kind === 'bodystructure') ? 'shown' : true
}

/** Are the bytes of the message needed? */
export const readsText = (item: FetchItem): item is SectionItem | DecodedSizeItem =>
  item.kind === 'section' || item.kind === 'decoded size'

/** Is something wanted that neither the session nor the message's row tells? */
export const asksMore = (item: FetchItem): item is SectionItem | DecodedSizeItem | PreviewItem =>
  readsText(item) || item.kind === 'preview'

/** The response for one message of which nothing more is wanted than its row. */
export function describeMessage(items: readonly FetchItem[], list: MessageList, message: StoredMessage): string {
  const seq = list.seq(message.uid)
  const described = items.map((item) => (asksMore(item) ? '' : storedItem(item, list, seq, message)))
  return `* ${seq} FETCH (${described.join(' ')})\r\n`
}

/** Where a section lies in its message; undefined if there is no such section. */
export const rangeOf = (section: Section, content: StoredContent): ByteRange | undefined =>
  isWhole(section) ? { from: 0, to: content.size } : sectionRange(content.parsed.root, section)

/** Prepares the response for one message. Throws what `read` throws. */
export async function prepareResponse(
  deps: FetchDeps,
  items: readonly FetchItem[],
  message: StoredMessage,
): Promise<FetchResponse> {
  const seq = deps.list.seq(message.uid)
  const pieces: (string | Buffer | LongText)[] = [`* ${seq} FETCH (`]
  let room = SHORT_TEXT
  for (const [index, item] of items.entries()) {
    if (index > 0) pieces.push(' ')
    if (item.kind === 'preview') {
      pieces.push(`PREVIEW ${formatPreview(await deps.store.preview(deps.mailbox, message.content.id, item.lazy), item.lazy)}`)
      continue
    }
    if (!readsText(item)) {
      pieces.push(storedItem(item, deps.list, seq, message))
      continue
    }
    if (item.kind === 'decoded size') {
      pieces.push(`${item.label} ${await decodedSize(deps, item.section, message)}`)
      continue
    }
    const text = item.decoded ? await decodedText(deps, item, message, room) : await sectionText(deps, item, message, room)
    if (text instanceof Buffer) room -= text.length
    pieces.push(...labelled(item, text))
  }
  pieces.push(')\r\n')
  return pieces
}

function storedItem(item: SimpleItem, list: MessageList, seq: number, message: StoredMessage): string {
  const { content } = message
  switch (item.kind) {
    case 'uid':
    case 'flags':
    case 'modseq':
      return listItem(item, list, seq) ?? ''
    case 'date':
      return `INTERNALDATE "${formatDateTime(message.internalDate)}"`
    case 'savedate':
      return `SAVEDATE ${message.savedAt === null ? 'NIL' : `"${formatDateTime(message.savedAt)}"`}`
    case 'emailid':
      return `EMAILID (${messageObjectId(content.id)})`
    case 'threadid':
      // RFC 8474 5.2: no threads are kept.
      return 'THREADID NIL'
    case 'size':
      return `RFC822.SIZE ${content.size}`
    case 'envelope':
      return `ENVELOPE ${formatStoredEnvelope(content)}`
    case 'body':
      return `BODY ${formatStructure(content.parsed.root, false)}`
    case 'bodystructure':
      content.shown ??= formatStructure(content.parsed.root, true)
      return `BODYSTRUCTURE ${content.shown}`
  }
}

function formatStoredEnvelope({ envelope }: StoredContent): string {
  return envelope ? formatEnvelope(envelope) : 'NIL'
}

/** RFC 8970 3.2: NIL stands for what `LAZY` does not wait for, and for nothing else. */
const formatPreview = (preview: string | null, lazy: boolean): string =>
  preview === null && lazy ? 'NIL' : formatString(Buffer.from(preview ?? '').toString('latin1'))

function labelled({ label, decoded }: SectionItem, text: Buffer | LongText | undefined): (string | Buffer | LongText)[] {
  if (!text) return [`${label} NIL`]
  if (text.length === 0) return [`${label} ""`]
  // RFC 3516 4.3: what holds NUL is no string.
  const binary = decoded && ('rest' in text ? text.binary : text.includes(0))
  return [`${label} ${binary ? '~' : ''}{${text.length}}\r\n`, text]
}

/** The text of a section: undefined if the message has no such section. */
async function sectionText(
  { store, mailbox }: FetchDeps,
  { section, partial }: SectionItem,
  { content }: StoredMessage,
  room: number,
): Promise<Buffer | LongText | undefined> {
  const whole = rangeOf(section, content)
  if (!whole) return undefined
  const bytesOf = (range: ByteRange): AsyncIterable<Buffer> => store.read(mailbox, content.id, range.from, range.to)
  if (section.fields.length > 0) {
    const header = selectFields(await readAll(bytesOf(whole), whole), section.fields, section.text === 'HEADER.FIELDS.NOT')
    const cut = cutRange({ from: 0, to: header.length }, partial)
    return header.subarray(cut.from, cut.to)
  }
  const range = cutRange(whole, partial)
  const length = range.to - range.from
  if (length === 0) return Buffer.alloc(0)
  if (length <= room) return readAll(bytesOf(range), range)
  const rest = bytesOf(range)[Symbol.asyncIterator]()
  const first = await rest.next()
  if (first.done === true) throw new Error('content ends too early')
  return { length, binary: false, first: first.value, rest }
}

function cutRange({ from, to }: ByteRange, partial: SectionItem['partial']): ByteRange {
  if (!partial) return { from, to }
  const start = Math.min(from + partial.start, to)
  return { from: start, to: Math.min(start + partial.length, to) }
}

async function readAll(pieces: AsyncIterable<Buffer>, { from, to }: ByteRange): Promise<Buffer> {
  const read: Buffer[] = []
  for await (const piece of pieces) read.push(piece)
  const bytes = Buffer.concat(read)
  if (bytes.length !== to - from) throw new Error(`content has ${bytes.length} bytes where ${to - from} are known`)
  return bytes
}

/** RFC 3501 6.4.5 HEADER.FIELDS: the fields as they stand, and the empty line if there is one. */
function selectFields(header: Buffer, names: readonly string[], not: boolean): Buffer {
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  const { fields } = parseHeader(header)
  const kept = fields.filter((field) => wanted.has(field.name.toLowerCase()) !== not)
  const end = header.subarray(-2).toString('latin1') === '\r\n' ? '\r\n' : '\n'
  const empty = header.subarray(-2 * end.length).toString('latin1') === end + end || header.length === end.length
  return Buffer.concat([...kept.map(({ start, end }) => header.subarray(start, end)), Buffer.from(empty ? end : '')])
}

/** Writes a response; waits while the client is slow. An error within a long text leaves the connection without use. */
export async function writeResponse(output: Output, response: FetchResponse): Promise<void> {
  for (const piece of response) {
    if (typeof piece === 'string') output.push(piece)
    else if ('rest' in piece) await writeLong(output, piece)
    else await output.bytes(piece)
  }
  await output.relieve()
}
