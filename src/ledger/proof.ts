/** Makes inclusion proofs (verify-proof.ts) of entries that are sealed and stamped. */
import { pathOf } from './merkle.ts'
import { chainOf, DAY_MS, indexOf, segmentLine, stampLines } from './sealed-lines.ts'
import type { SealingReads } from './sealing-queries.ts'
import type { InclusionProof } from './verify-proof.ts'

/** @returns null where the entry is not sealed and stamped yet, or not there */
export async function proveEntry(reads: SealingReads, slot: number, seq: number): Promise<InclusionProof | null> {
  const chain = chainOf(slot)
  const [entry] = await reads.entries([{ slot, first: seq, last: seq }])
  if (!entry) return null
  // Sealed after it was written; a day allows for clocks that differ.
  const segment = await reads.segmentOf({ slot, seq }, new Date(entry.at - DAY_MS))
  if (!segment) return null
  const stamp = await reads.stampOver(chain, segment.number)
  const head = stamp?.heads[chain]
  if (!stamp?.token || !head) return null
  const segments = await reads.segments(chain, segment.number - 1, head.number, head.number - segment.number + 1)
  return {
    version: 1,
    entry: entry.line,
    path: pathOf(segment.leaves, indexOf(segment.ranges, slot, seq)).map((hash) => hash.toString('hex')),
    segments: segments.map(segmentLine),
    stamp: stampLines(stamp),
    token: stamp.token.toString('base64'),
  }
}
