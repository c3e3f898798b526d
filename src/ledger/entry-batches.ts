/**
 * Reads sealed entries along their chain, many segments at a time, with the next batch on its way while one is worked on. Memory is bounded
 * by a batch. What is not there, or there twice, comes out as it is found: who reads judges.
 */
import { sizeOf, type SlotRange } from './sealed-lines.ts'
import type { EntryLine, SealingReads, StoredSegment } from './sealing-queries.ts'

export interface SegmentEntries {
  readonly segment: StoredSegment
  /** those that are stored for its ranges, by slot and number */
  readonly entries: readonly EntryLine[]
}

const SEGMENTS = 100
const ENTRIES = 10_000

/** Ranges of several segments as few ranges: those of a slot follow one another. */
function joined(segments: readonly StoredSegment[]): SlotRange[] {
  const bySlot = new Map<number, SlotRange>()
  for (const { slot, first, last } of segments.flatMap(({ ranges }) => ranges)) {
    const known = bySlot.get(slot)
    bySlot.set(slot, { slot, first: Math.min(first, known?.first ?? first), last: Math.max(last, known?.last ?? last) })
  }
  return [...bySlot.values()].toSorted((a, b) => a.slot - b.slot)
}

/** The entries of each segment out of those of all. Each slot's are in order, and so are its ranges. */
function shared(segments: readonly StoredSegment[], entries: readonly EntryLine[]): SegmentEntries[] {
  const bySlot = Map.groupBy(entries, ({ slot }) => slot)
  const taken = new Map<number, number>()
  return segments.map((segment) => ({
    segment,
    entries: segment.ranges.flatMap(({ slot, first, last }) => {
      const ofSlot = bySlot.get(slot) ?? []
      let from = taken.get(slot) ?? 0
      // Of a segment that is missing in between.
      while (from < ofSlot.length && (ofSlot[from]?.seq ?? 0) < first) from++
      let to = from
      while (to < ofSlot.length && (ofSlot[to]?.seq ?? 0) <= last) to++
      taken.set(slot, to)
      return ofSlot.slice(from, to)
    }),
  }))
}

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

/** Segments of a chain above `after` and up to `upTo`, in order, each with its entries. */
export async function* entryBatches(
  queries: Pick<SealingReads, 'segments' | 'entries'>,
  chain: number,
  after: number,
  upTo: number,
): AsyncGenerator<SegmentEntries> {
  const read = async (segments: StoredSegment[]): Promise<SegmentEntries[]> => {
    const between = {
      from: Math.min(...segments.map(({ firstAt }) => firstAt)),
      to: Math.max(...segments.map(({ lastAt }) => lastAt)),
    }
    return shared(segments, await queries.entries(joined(segments), between))
  }
  let next: Promise<SegmentEntries[]> | undefined
  for await (const batch of segmentBatches(queries, chain, after, upTo)) {
    const ready = next
    next = read(batch)
    // If the reader stops, nobody waits for it any more.
    next.catch(() => undefined)
    if (ready) yield* await ready
  }
  if (next) yield* await next
}
