/**
 * Hashes stored entries along their chain, for who verifies. The database joins the lines of a slot to one text, so that neither it nor the driver
 * has work for each row: that took more time than hashing. What does not come out as it should is looked at entry by entry by who verifies.
 */
import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { HASH_BYTES } from './merkle.ts'
import { joinedRanges, readAhead, timesOf } from './read-ahead.ts'
import type { SlotRange } from './sealed-lines.ts'
import type { SealingReads, StoredSegment } from './sealing-queries.ts'

export interface SegmentHashes {
  readonly segment: StoredSegment
  /** of the entries that are stored for its ranges, in order; `none` where there are none; null where they are not as many as they should be */
  readonly hashes: Buffer | 'none' | null
}

const LINE_FEED = 0x0a

/** The leaf hash (merkle.ts) of each line. @param lines each behind a line feed, in whose place the byte goes that marks a leaf */
export function leafHashes(lines: string): Buffer {
  const bytes = Buffer.from(lines)
  const hashes: Buffer[] = []
  for (let start = 0; start < bytes.length;) {
    const next = bytes.indexOf(LINE_FEED, start + 1)
    const end = next < 0 ? bytes.length : next
    bytes[start] = 0
    hashes.push(hash('sha256', bytes.subarray(start, end), 'buffer'))
    start = end
  }
  return Buffer.concat(hashes)
}

interface SlotHashes extends SlotRange {
  readonly hashes: Buffer
}

function hashesOf({ ranges }: StoredSegment, bySlot: ReadonlyMap<number, SlotHashes>): SegmentHashes['hashes'] {
  const parts = ranges.map(({ slot, first, last }) => {
    const of = bySlot.get(slot)
    if (!of || of.hashes.length === 0) return 'none'
    if (of.hashes.length !== (of.last - of.first + 1) * HASH_BYTES) return null
    return of.hashes.subarray((first - of.first) * HASH_BYTES, (last - of.first + 1) * HASH_BYTES)
  })
  if (parts.every((part) => part === 'none')) return 'none'
  const found = parts.filter((part) => Buffer.isBuffer(part))
  return found.length === parts.length ? Buffer.concat(found) : null
}

/** Segments of a chain above `after` and up to `upTo`, in order, each with the hashes of its entries as they are stored. */
export async function* hashBatches(
  queries: Pick<SealingReads, 'segments' | 'lines'>,
  chain: number,
  after: number,
  upTo: number,
): AsyncGenerator<SegmentHashes> {
  const batches = readAhead(queries, chain, { after, upTo }, async (segments) => {
    const ranges = joinedRanges(segments)
    return { segments, ranges, lines: await queries.lines(ranges, timesOf(segments)) }
  })
  for await (const { segments, ranges, lines } of batches) {
    const bySlot = new Map<number, SlotHashes>()
    for (const [at, range] of ranges.entries()) {
      bySlot.set(range.slot, { ...range, hashes: leafHashes(lines[at] ?? '') })
      // What the database sends meanwhile is taken in: it waits when nobody reads.
      await turn()
    }
    for (const segment of segments) yield { segment, hashes: hashesOf(segment, bySlot) }
  }
}
