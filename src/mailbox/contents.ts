/** Reads contents: any range of bytes out of head, blob and tail (I5). */
import { CeralaccaError } from '../base/errors.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { MessageContent } from './content.ts'
import type { ContentRow, MailboxQueries } from './queries.ts'
import { createShortReads, SHORT_READ } from './short-reads.ts'

const PIECE = 1024 * 1024

export interface Contents {
  /** A content's parts, without reading its blob. @throws `content-missing` */
  load(slot: number, id: string): Promise<MessageContent>
  /** Bytes [from, to) in pieces of at most 1 MiB. @throws `content-missing`, `blob-missing` */
  read(slot: number, id: string, from: number, to: number): AsyncIterable<Buffer>
  /** The bytes that a content's slice names; none if it has no slice. @throws `blob-missing` */
  readSlice(content: MessageContent): Promise<Buffer>
}

export function createContents(queries: Pick<MailboxQueries, 'content' | 'pieces'>, blobs: Pick<Blobs, 'read'>): Contents {
  async function load(slot: number, id: string): Promise<MessageContent> {
    const [row] = await queries.content(slot, id)
    if (!row) throw new CeralaccaError('content-missing', 'temporary', 'The message was removed')
    return contentOf(row)
  }

  const readShort = createShortReads(queries, blobs)

  async function* read(slot: number, id: string, from: number, to: number): AsyncIterable<Buffer> {
    if (to - from <= SHORT_READ) {
      yield await readShort(slot, id, from, to)
      return
    }
    const { head, tail, slice } = await load(slot, id)
    const middle = slice?.length ?? 0
    if (from < head.length) yield head.subarray(from, Math.min(to, head.length))
    const first = Math.max(from - head.length, 0)
    const last = Math.min(to - head.length, middle)
    if (slice) {
      for (let at = first; at < last; at += PIECE) {
        yield await blobs.read(slice, slice.place, slice.offset + at, Math.min(PIECE, last - at))
      }
    }
    const tailStart = head.length + middle
    if (to > tailStart) yield tail.subarray(Math.max(from - tailStart, 0), to - tailStart)
  }

  async function readSlice({ slice }: MessageContent): Promise<Buffer> {
    return slice ? blobs.read(slice, slice.place, slice.offset, slice.length) : Buffer.alloc(0)
  }

  return { load, read, readSlice }
}

/** A stored content's parts, from any row that has its columns. */
export function contentOf(row: Omit<ContentRow, 'id' | 'sha256'>): MessageContent {
  return { head: row.head, tail: row.tail, parsed: row.parsed, size: row.size, slice: sliceOf(row) }
}

function sliceOf(row: Omit<ContentRow, 'id' | 'sha256'>): MessageContent['slice'] {
  if (row.blob === null || row.blob_slot === null || row.blob_place === null) return null
  return { slot: row.blob_slot, id: row.blob, place: row.blob_place, offset: row.blob_offset, length: row.blob_length }
}
