/**
 * Short ranges of contents, many in one statement. Natural batching: while one statement is under way, what is asked for meanwhile waits and
 * goes together next, so that reading a thousand small messages does not take two thousand round trips.
 */
import { createBatcher } from '../base/batcher.ts'
import { CeralaccaError } from '../base/errors.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { ContentRange, MailboxQueries, PieceRow } from './queries.ts'
import { isNoText } from './store-errors.ts'

/** Longer ranges are streamed. */
export const SHORT_READ = 64 * 1024
/** Ranges of one statement: some 4 MB at most. */
const MOST = 64

/** Answers bytes [from, to) of a content, at most `SHORT_READ`. @throws `content-missing`, `blob-missing` */
export type ReadShort = (slot: number, id: string, from: number, to: number) => Promise<Buffer>

export function createShortReads(queries: Pick<MailboxQueries, 'pieces'>, blobs: Pick<Blobs, 'read'>): ReadShort {
  async function rowsOf(slot: number, ranges: readonly ContentRange[]): Promise<PieceRow[]> {
    try {
      return await queries.pieces(slot, ranges, 'text')
    } catch (error) {
      if (!isNoText(error)) throw error
      return queries.pieces(slot, ranges, 'bytes')
    }
  }

  /** The middle of a large content is not in the row. */
  async function assemble(row: PieceRow | undefined): Promise<Buffer> {
    if (!row) throw new CeralaccaError('content-missing', 'temporary', 'The message was removed')
    const { blob, blob_slot, blob_at, middle_length } = row
    const middle = row.middle ?? ''
    if (Buffer.byteLength(middle) === middle_length) return joined(row.head, middle, row.tail)
    if (blob === null || blob_slot === null) throw new CeralaccaError('content-broken', 'bug', `content ${row.id} has no middle`)
    const place = row.blob_place === 'disk' ? 'disk' : 'database'
    return joined(row.head, await blobs.read({ slot: blob_slot, id: blob }, place, blob_at, middle_length), row.tail)
  }

  const batched = createBatcher<ContentRange, Buffer | Error>(async (slot, ranges) => {
    const rows = await rowsOf(Number(slot), ranges)
    const byItem = new Map(rows.map((row) => [row.item, row]))
    // What is wrong with one must not fail the others.
    return Promise.all(
      ranges.map((_, index) =>
        assemble(byItem.get(index + 1)).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
      ),
    )
  }, MOST)

  return async (slot, id, from, to) => {
    const result = await batched(String(slot), { id, from, to })
    if (result instanceof Error) throw result
    return result
  }
}

/** One buffer of all pieces. */
function joined(...pieces: readonly (Buffer | string)[]): Buffer {
  const [only, ...more] = pieces.filter((piece) => piece.length > 0)
  if (typeof only === 'string' && more.length === 0) return Buffer.from(only)
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}
