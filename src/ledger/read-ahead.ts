/** Reads along a chain, many segments at a time, with the next batch on its way while one is worked on. Memory is bounded by two batches. */
import { sizeOf, type SlotRange } from './sealed-lines.ts'
import type { SealingReads, StoredSegment } from './sealing-queries.ts'

const SEGMENTS = 100
const ENTRIES = 10_000

/** Ranges of several segments as few ranges: those of a slot follow one another. */
export function joinedRanges(segments: readonly StoredSegment[]): SlotRange[] {
  const bySlot = new Map<number, SlotRange>()
  for (const { slot, first, last } of segments.flatMap(({ ranges }) => ranges)) {
    const known = bySlot.get(slot)
    bySlot.set(slot, { slot, first: Math.min(first, known?.first ?? first), last: Math.max(last, known?.last ?? last) })
  }
  return [...bySlot.values()].toSorted((a, b) => a.slot - b.slot)
}

/** The times of the oldest and of the newest entry of segments. */
export const timesOf = (segments: readonly StoredSegment[]): { from: number; to: number } => ({
  from: Math.min(...segments.map(({ firstAt }) => firstAt)),
  to: Math.max(...segments.map(({ lastAt }) => lastAt)),
})

async function* segmentBatches(
  queries: Pick<SealingReads, 'segments'>,
  chain: number,
  after: number,
  upTo: number,
): AsyncGenerator<StoredSegment[]> {
  let batch: StoredSegment[] = []
  let size = 0
  for (let last = after; ;) {
    const page = await queries.segments(chain, last, upTo, SEGMENTS)
    for (const segment of page) {
      batch.push(segment)
      size += sizeOf(segment.ranges)
      last = segment.number
      if (size < ENTRIES) continue
      yield batch
      batch = []
      size = 0
    }
    if (page.length < SEGMENTS) break
  }
  if (batch.length > 0) yield batch
}

/** What `read` gives for the segments of a chain above `after` and up to `upTo`, batch after batch. */
export async function* readAhead<Result>(
  queries: Pick<SealingReads, 'segments'>,
  chain: number,
  { after, upTo }: { after: number; upTo: number },
  read: (segments: readonly StoredSegment[]) => Promise<Result>,
): AsyncGenerator<Result> {
  let next: Promise<Result> | undefined
  for await (const batch of segmentBatches(queries, chain, after, upTo)) {
    const ready = next
    next = read(batch)
    // If the reader stops, nobody waits for it any more.
    next.catch(() => undefined)
    if (ready) yield await ready
  }
  if (next) yield await next
}
