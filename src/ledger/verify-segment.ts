/** Verifies the entries of one segment against what was sealed, and names what is wrong with the first one that differs. */
import type { SegmentEntries } from './entry-batches.ts'
import { hashAt, leafHash, rootOf } from './merkle.ts'
import { entryProblem, segmentProblem, type LedgerProblem } from './problem.ts'
import { dayOf, sizeOf } from './sealed-lines.ts'
import type { EntryLine, SealingReads, StoredSegment } from './sealing-queries.ts'
import type { SlotNumbers } from './slot-numbers.ts'

export interface SegmentVerifierDeps {
  readonly queries: Pick<SealingReads, 'entries'>
  /** what a recorded deletion took away */
  readonly deleted: SlotNumbers
  /** the line of an entry in the file of a day; null where there is none */
  readonly lineOf: (day: string, slot: number, seq: number) => Promise<string | null>
}

export interface SegmentResult {
  /** entries that are there and good */
  readonly entries: number
  readonly deleted: number
  readonly problem: LedgerProblem | null
}

/** The places of an entry's canonical form. */
const FIELDS = [
  'form',
  'slot',
  'seq',
  'at',
  'event',
  'pecMsgid',
  'msgid',
  'sender',
  'recipients',
  'subject',
  'related',
  'provider',
  'detail',
] as const

/** The names of the fields in which two lines differ. */
export function differences(line: string, sealed: string): string[] {
  const [found, expected] = [line, sealed].map((text) => JSON.parse(text) as unknown[])
  return FIELDS.filter((_, at) => JSON.stringify(found?.[at]) !== JSON.stringify(expected?.[at]))
}

export function createSegmentVerifier({ queries, deleted, lineOf }: SegmentVerifierDeps) {
  /** What is wrong with an entry whose hash is not the sealed one. */
  async function describe(entry: EntryLine, leaf: Buffer, segment: StoredSegment): Promise<LedgerProblem> {
    const sealed = await lineOf(dayOf(segment.sealedAt), entry.slot, entry.seq)
    const known = sealed !== null && leafHash(sealed).equals(leaf) ? differences(entry.line, sealed) : []
    return entryProblem(
      entry.slot,
      entry.seq,
      known.length > 0 ? `is not what was sealed: ${known.join(', ')} differ` : 'is not what was sealed',
    )
  }

  /** Why an entry is not where it is looked for: it has another time, or it is gone. */
  async function missing(slot: number, seq: number): Promise<LedgerProblem> {
    const [elsewhere] = await queries.entries([{ slot, first: seq, last: seq }])
    return entryProblem(slot, seq, elsewhere ? 'is not what was sealed: at differs' : 'is missing')
  }

  async function lookAtEach({ segment, entries }: SegmentEntries): Promise<SegmentResult> {
    const { chain, number, ranges, leaves } = segment
    const reliable = leaves.length === sizeOf(ranges) * 32 && rootOf(leaves).equals(segment.root)
    let [index, at, good, gone] = [0, 0, 0, 0]
    const result = (problem: LedgerProblem | null): SegmentResult => ({ entries: good, deleted: gone, problem })
    for (const { slot, first, last } of ranges) {
      for (let seq = first; seq <= last; seq++, index++) {
        const entry = entries[at]
        if (entry?.slot !== slot || entry.seq !== seq) {
          if (!deleted.has(slot, seq)) return result(await missing(slot, seq))
          gone++
          continue
        }
        const [next] = entries.slice(at + 1, at + 2)
        if (next?.slot === slot && next.seq === seq) return result(entryProblem(slot, seq, 'is there twice'))
        at++
        const leaf = hashAt(leaves, index)
        const same = Number.isInteger(entry.at) && leafHash(entry.line).equals(leaf)
        if (reliable && !same) return result(await describe(entry, leaf, segment))
        good++
      }
    }
    return result(reliable ? null : segmentProblem(chain, number, 'its root is not that of its entries'))
  }

  return async function verifySegment(found: SegmentEntries): Promise<SegmentResult> {
    const { segment, entries } = found
    const size = sizeOf(segment.ranges)
    if (entries.length === size) {
      const leaves = Buffer.allocUnsafe(size * 32)
      let index = 0
      let inOrder = true
      for (const { slot, first, last } of segment.ranges) {
        for (let seq = first; seq <= last; seq++, index++) {
          const entry = entries[index]
          if (entry?.slot !== slot || entry.seq !== seq || !Number.isInteger(entry.at)) inOrder = false
          else leafHash(entry.line).copy(leaves, index * 32)
        }
      }
      if (inOrder && leaves.equals(segment.leaves) && rootOf(leaves).equals(segment.root)) {
        return { entries: size, deleted: 0, problem: null }
      }
      if (inOrder && rootOf(leaves).equals(segment.root)) {
        const { chain, number } = segment
        return {
          entries: size,
          deleted: 0,
          problem: segmentProblem(chain, number, 'its list of hashes is not that of its entries'),
        }
      }
    }
    return lookAtEach(found)
  }
}
