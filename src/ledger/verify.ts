/**
 * Recomputes all that the seals of the ledger say: entries, segments, chains, stamps, daily files, deletions. It reads only, beside a working
 * provider, with bounded memory, and names the first wrong thing in each segment.
 */
import type { Reader } from '../storage/database.ts'
import { findEntryLine } from './day-file-reader.ts'
import { findStrayEntries } from './stray-entries.ts'
import type { LedgerProblem } from './problem.ts'
import { CHAINS } from './sealed-lines.ts'
import { sealingReads } from './sealing-queries.ts'
import { slotNumbers } from './slot-numbers.ts'
import { verifyChain } from './verify-chain.ts'
import { verifyDeletions } from './verify-deletions.ts'
import { createFileVerifier } from './verify-files.ts'
import { createSegmentVerifier } from './verify-segment.ts'
import { verifyStamps } from './verify-stamps.ts'

export interface VerifyDeps {
  readonly reader: Reader
  /** of the daily files */
  readonly folder: string
  /** DER of the CA certificates that vouch for the time-stamping authorities */
  readonly roots: readonly Buffer[]
  readonly now: () => number
}

export interface VerifyRequest {
  /** milliseconds since 1970: what was sealed in that time only */
  readonly from: number | null
  readonly to: number | null
  /** whether the daily files are read too */
  readonly files: boolean
}

export interface VerifyReport {
  readonly entries: number
  /** entries that a recorded deletion has taken away after their time */
  readonly deleted: number
  /** entries that are not sealed yet */
  readonly waiting: number
  readonly segments: number
  readonly stamps: number
  readonly unstamped: number
  readonly files: number
  /** the first ones found, in the order of chains, stamps, files */
  readonly problems: readonly LedgerProblem[]
}

const MOST_PROBLEMS = 50

/** Chains that are verified at a time: while one is hashed here, the database makes ready the other. */
const TOGETHER = 2

/** The first problems of all that are found, each once. */
function problemList() {
  const problems: LedgerProblem[] = []
  return {
    problems,
    found(problem: LedgerProblem): void {
      const known = problems.some(({ where, says }) => where === problem.where && says === problem.says)
      if (!known && problems.length < MOST_PROBLEMS) problems.push(problem)
    },
  }
}

async function verifyOne(
  { reader, folder }: Pick<VerifyDeps, 'reader' | 'folder'>,
  chain: number,
  { from, to }: Pick<VerifyRequest, 'from' | 'to'>,
) {
  const queries = sealingReads(reader)
  const { problems, found } = problemList()
  const deletions = await queries.deletions(chain)
  await verifyDeletions({ reader, found }, chain, deletions)
  const verifySegment = createSegmentVerifier({
    queries,
    deleted: slotNumbers(deletions.flatMap(({ ranges }) => ranges)),
    lineOf: (day, slot, seq) => findEntryLine(folder, day, slot, seq),
  })
  const result = await verifyChain({ queries, verifySegment, found }, chain, { from, to })
  if (from === null && to === null) for (const problem of await findStrayEntries(reader, chain)) found(problem)
  return { ...result, problems, deletedBefore: Math.max(0, ...deletions.map(({ before }) => before)) }
}

/** All chains, some at a time; answers in their order. */
async function verifyChains(deps: VerifyDeps, request: VerifyRequest) {
  const results: Awaited<ReturnType<typeof verifyOne>>[] = []
  const chains = Array.from({ length: CHAINS }, (_, chain) => chain).values()
  const work = async (): Promise<void> => {
    for (const chain of chains) results[chain] = await verifyOne(deps, chain, request)
  }
  await Promise.all(Array.from({ length: TOGETHER }, work))
  return results
}

export async function verifyLedger(deps: VerifyDeps, request: VerifyRequest): Promise<VerifyReport> {
  const { reader, folder, roots, now } = deps
  const queries = sealingReads(reader)
  const { problems, found } = problemList()
  const totals = { entries: 0, deleted: 0, waiting: 0, segments: 0 }
  let deletedBefore = 0
  for (const result of await verifyChains(deps, request)) {
    for (const problem of result.problems) found(problem)
    totals.entries += result.entries
    totals.deleted += result.deleted
    totals.waiting += result.waiting
    totals.segments += result.segments
    deletedBefore = Math.max(deletedBefore, result.deletedBefore)
  }
  const stamps = await verifyStamps({ queries, roots, found, now }, request)
  const verifyFiles = createFileVerifier({ queries, folder, deletedBefore, found })
  const files = request.files ? await verifyFiles(request) : 0
  return { ...totals, ...stamps, files, problems }
}
