/** Verifies the entries of one segment against what was sealed, and names what is wrong with the first one that differs. */
import type { SegmentEntries } from './entry-batches.ts'
import type { SegmentHashes } from './hash-batches.ts'
import { hashAt, leafHash, rootOf } from './merkle.ts'
import { entryProblem, segmentProblem, type LedgerProblem } from './problem.ts'
import { dayOf, sizeOf, type SlotRange } from './sealed-lines.ts'
import { leavesOf } from './sealing.ts'
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

  async function lookAtEach({ segment, entries }: SegmentEntries): Promise<SegmentResult> {
    const { chain, number, ranges, leaves } = segment
    const reliable = leaves.length === sizeOf(ranges) * 32 && rootOf(leaves).equals(segment.root)
    let [index, at, good, gone] = [0, 0, 0, 0]
    const result = (problem: LedgerProblem | null): SegmentResult => ({ entries: good, deleted: gone, problem })
    for (const { slot, first, last } of ranges) {
      for (let seq = first; seq <= last; seq++, index++) {
        const entry = entries[at]
        if (entry?.slot !== slot || entry.seq !== seq) {
          if (!deleted.has(slot, seq)) return result(entryProblem(slot, seq, 'is missing'))
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

  /** For what is not as it should be at first sight. */
  async function lookCloser(found: SegmentEntries): Promise<SegmentResult> {
    const { segment, entries } = found
    const { chain, number, ranges, root } = segment
    const whole = entries.length === sizeOf(ranges) && entries.every(({ at }) => Number.isInteger(at))
    const inOrder = whole && indexesAgree(ranges, entries)
    // The root stands in the chain, the list of hashes beside it.
    if (inOrder && rootOf(leavesOf(entries)).equals(root)) {
      const good = leavesOf(entries).equals(segment.leaves)
      const problem = good ? null : segmentProblem(chain, number, 'its list of hashes is not that of its entries')
      return { entries: entries.length, deleted: 0, problem }
    }
    return lookAtEach(found)
  }

  return async function verifySegment({ segment, hashes }: SegmentHashes): Promise<SegmentResult> {
    const { ranges, leaves, root } = segment
    if (hashes === 'none') return lookAtEach({ segment, entries: [] })
    if (hashes?.equals(leaves) === true && rootOf(hashes).equals(root)) {
      return { entries: sizeOf(ranges), deleted: 0, problem: null }
    }
    // Of whatever time: what has another one now is named so.
    return lookCloser({ segment, entries: await queries.entries(ranges) })
  }
}

/** Whether entries are those of the ranges, each once, in order. */
function indexesAgree(ranges: readonly SlotRange[], entries: readonly EntryLine[]): boolean {
  let index = 0
  for (const { slot, first, last } of ranges) {
    for (let seq = first; seq <= last; seq++, index++) {
      const entry = entries[index]
      if (entry?.slot !== slot || entry.seq !== seq) return false
    }
  }
  return true
}
