/**
 * Parts of a message with their transfer encoding undone (BINARY, RFC 3516). How long a part is then is known only once it has been read, so a long
 * one is read twice: it is never in memory whole.
 */
import { decodePieces, isIdentity, transferDecoder } from '../../mime/transfer-decoder.ts'
import type { MailboxRef, MailboxStore, StoredMessage } from '../../mailbox/types.ts'
import { Refusal } from './errors.ts'
import type { SectionItem } from './fetch-items.ts'
import type { LongText } from './long-text.ts'
import { partAt, sectionRange } from './section.ts'
import type { ByteRange, Section } from './section.ts'

export interface ReadDeps {
  readonly store: Pick<MailboxStore, 'read'>
  readonly mailbox: MailboxRef
}

/** Where the encoded bytes are, and how they are encoded. */
interface Encoded {
  readonly range: ByteRange
  readonly encoding: string
}

/** The whole message, a multipart or a message within have no encoding of their own (RFC 2045 6.4). */
function encodedPart({ content }: StoredMessage, section: Section): Encoded | undefined {
  if (section.path.length === 0) return { range: { from: 0, to: content.size }, encoding: '8bit' }
  const { root } = content.parsed
  const [part, range] = [partAt(root, section.path), sectionRange(root, section)]
  if (!part || !range) return undefined
  if (part.type === 'multipart' || part.type === 'message') return { range, encoding: '8bit' }
  return { range, encoding: part.encoding }
}

function decoding({ store, mailbox }: ReadDeps, { content }: StoredMessage, { range, encoding }: Encoded): AsyncIterable<Buffer> {
  const decoder = transferDecoder(encoding)
  if (!decoder) throw new Refusal('UNKNOWN-CTE', 'The transfer encoding is not known')
  return decodePieces(store.read(mailbox, content.id, range.from, range.to), decoder)
}

/** 0 for a part that is not there. Throws NO [UNKNOWN-CTE]. */
export async function decodedSize(deps: ReadDeps, section: Section, message: StoredMessage): Promise<number> {
  const part = encodedPart(message, section)
  if (!part) return 0
  if (isIdentity(part.encoding)) return part.range.to - part.range.from
  let size = 0
  for await (const piece of decoding(deps, message, part)) size += piece.length
  return size
}

/** A decoded part, or undefined if there is no such part; one that is longer than `room` is passed on as it is read. Throws NO [UNKNOWN-CTE]. */
export async function decodedText(
  deps: ReadDeps,
  { section, partial }: SectionItem,
  message: StoredMessage,
  room: number,
): Promise<Buffer | LongText | undefined> {
  const part = encodedPart(message, section)
  if (!part) return undefined
  const cut = { start: partial?.start ?? 0, length: partial?.length ?? Infinity }
  const pieces = (): AsyncIterable<Buffer> => cutPieces(decoding(deps, message, part), cut)
  let length = 0
  let binary = false
  let whole: Buffer[] | undefined = []
  for await (const piece of pieces()) {
    length += piece.length
    binary ||= piece.includes(0)
    if (length > room) whole = undefined
    whole?.push(piece)
  }
  if (whole) return Buffer.concat(whole)
  const rest = pieces()[Symbol.asyncIterator]()
  const first = await rest.next()
  if (first.done === true) throw new Error('content ends too early')
  return { length, binary, first: first.value, rest }
}

/** The bytes from `start` on, no more than `length`; nothing is read beyond them. */
async function* cutPieces(
  pieces: AsyncIterable<Buffer>,
  { start, length }: { readonly start: number; readonly length: number },
): AsyncIterable<Buffer> {
  let [skip, left] = [start, length]
  for await (const piece of pieces) {
    const kept = piece.subarray(skip, skip + left)
    skip = Math.max(0, skip - piece.length)
    left -= kept.length
    if (kept.length > 0) yield kept
    if (left <= 0) return
  }
}
