/** Reads sealed entries along their chain. What is not there, or there twice, comes out as it is found: who reads judges. */
import { joinedRanges, readAhead, timesOf } from './read-ahead.ts'
import type { EntryLine, SealingReads, StoredSegment } from './sealing-queries.ts'

export interface SegmentEntries {
  readonly segment: StoredSegment
  /** those that are stored for its ranges, by slot and number */
  readonly entries: readonly EntryLine[]
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

/** Segments of a chain above `after` and up to `upTo`, in order, each with its entries. */
export async function* entryBatches(
  queries: Pick<SealingReads, 'segments' | 'entries'>,
  chain: number,
  after: number,
  upTo: number,
): AsyncGenerator<SegmentEntries> {
  const batches = readAhead(queries, chain, { after, upTo }, async (segments) =>
    shared(segments, await queries.entries(joinedRanges(segments), timesOf(segments))),
  )
  for await (const batch of batches) yield* batch
}
