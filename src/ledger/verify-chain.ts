/** Verifies one chain: that its segments follow one another, each with the hash of its line, and what they seal. */
import { hashBatches, type SegmentHashes } from './hash-batches.ts'
import { chainProblem, segmentProblem, type LedgerProblem } from './problem.ts'
import { hashOfLine, homeOf, NO_HASH, segmentLine } from './sealed-lines.ts'
import type { SealingReads, StoredSegment } from './sealing-queries.ts'
import type { SegmentResult } from './verify-segment.ts'

export interface ChainVerifierDeps {
  readonly queries: Pick<SealingReads, 'segments' | 'lines' | 'chain' | 'sealed' | 'headBefore'>
  readonly verifySegment: (found: SegmentHashes) => Promise<SegmentResult>
  readonly found: (problem: LedgerProblem) => void
}

export interface ChainResult {
  readonly segments: number
  readonly entries: number
  readonly deleted: number
  /** entries that are not sealed yet */
  readonly waiting: number
}

/** What the next segment must fit to. */
interface Before {
  number: number
  hash: Buffer
  sealedAt: number
  /** by slot of the group: the last number that is sealed; undefined where it is not known, in the middle of a chain */
  readonly sealed: (number | undefined)[]
}

/** What is wrong with a segment, or with its place in the chain. */
function judge(segment: StoredSegment, before: Before): string | null {
  if (!hashOfLine(segmentLine(segment)).equals(segment.hash)) return 'its hash is not that of its line'
  if (!segment.previous.equals(before.hash)) return 'it does not follow the one before it'
  if (segment.sealedAt < before.sealedAt) return 'it is older than the one before it'
  for (const { slot, first } of segment.ranges) {
    const last = before.sealed[slot - homeOf(segment.chain)]
    if (last !== undefined && first !== last + 1) return `slot ${slot} does not go on where it ended`
  }
  return null
}

function goOn(before: Before, { number, hash, sealedAt, ranges, chain }: StoredSegment): void {
  Object.assign(before, { number, hash, sealedAt })
  for (const { slot, last } of ranges) before.sealed[slot - homeOf(chain)] = last
}

/** @param between milliseconds since 1970; segments that were sealed in that time, default all */
export async function verifyChain(
  { queries, verifySegment, found }: ChainVerifierDeps,
  chain: number,
  { from, to }: { from: number | null; to: number | null },
): Promise<ChainResult> {
  const end = await queries.chain(chain)
  const sealed = await queries.sealed(chain)
  const start = from === null ? null : await queries.headBefore(chain, new Date(from))
  const stop = to === null ? end.number : ((await queries.headBefore(chain, new Date(to + 1)))?.number ?? 0)
  const before: Before = {
    number: start?.number ?? 0,
    hash: start?.hash ?? NO_HASH,
    sealedAt: 0,
    sealed: Array.from({ length: 256 }, () => (start ? undefined : 0)),
  }
  let [segments, entries, deleted] = [0, 0, 0]
  for await (const piece of hashBatches(queries, chain, before.number, stop)) {
    const { segment } = piece
    const { number } = segment
    if (number !== before.number + 1) found(segmentProblem(chain, before.number + 1, 'is missing'))
    const wrong = judge(segment, before)
    if (wrong !== null && number === before.number + 1) found(segmentProblem(chain, number, wrong))
    goOn(before, segment)
    const result = await verifySegment(piece)
    if (result.problem) found(result.problem)
    segments++
    entries += result.entries
    deleted += result.deleted
  }
  if (before.number !== stop) found(segmentProblem(chain, before.number + 1, 'is missing'))
  else if (to === null) {
    const more = await queries.segments(chain, end.number, Number.MAX_SAFE_INTEGER, 1)
    const known = before.sealed.every((last, at) => last === undefined || last === sealed[at])
    // Who seals meanwhile adds to it: what is read first must not be more than what is read last.
    const moved = (await queries.chain(chain)).number !== end.number
    if (!moved && (!before.hash.equals(end.hash) || !known || more.length > 0)) {
      found(chainProblem(chain, 'its end is not where its row says'))
    }
  }
  return { segments, entries, deleted, waiting: end.waiting.reduce((sum, { first, last }) => sum + last - first + 1, 0) }
}
