/**
 * Recomputes the seals of the audit log: entries, segments, chains, and that the ledger tells of each segment. It reads only, and names the
 * first wrong thing in each segment. What the ledger itself says is verified by ledger/verify.ts.
 */
import { chainReads, type StoredSegment } from '../ledger/chain-queries.ts'
import type { LedgerProblem } from '../ledger/problem.ts'
import { segmentProblem } from '../ledger/problem.ts'
import { CHAINS, homeOf } from '../ledger/sealed-lines.ts'
import { slotNumbers } from '../ledger/slot-numbers.ts'
import { findStrayEntries } from '../ledger/stray-entries.ts'
import { verifyChain } from '../ledger/verify-chain.ts'
import { createSegmentVerifier } from '../ledger/verify-segment.ts'
import type { Reader } from '../storage/database.ts'
import { AUDIT_LOG, numberOf } from './chain.ts'

export interface AuditReport {
  readonly entries: number
  /** entries that are not sealed yet */
  readonly waiting: number
  readonly segments: number
  /** segments that are older than what the ledger keeps: the later ones of their chain vouch for them */
  readonly beyondLedger: number
  /** the first ones found */
  readonly problems: readonly LedgerProblem[]
}

const MOST_PROBLEMS = 50

export async function verifyAudit(reader: Reader): Promise<AuditReport> {
  const queries = chainReads(reader, AUDIT_LOG)
  const problems: LedgerProblem[] = []
  const found = (problem: LedgerProblem): void => {
    const known = problems.some(({ where, says }) => where === problem.where && says === problem.says)
    if (!known && problems.length < MOST_PROBLEMS) problems.push(problem)
  }
  const verifySegment = createSegmentVerifier({ queries, deleted: slotNumbers([]), lineOf: async () => null })
  const keptSince = await ledgerKeptSince(reader)
  const totals = { entries: 0, waiting: 0, segments: 0, beyondLedger: 0 }
  for (let chain = 0; chain < CHAINS; chain++) {
    // What the ledger told of before must be there; what is there it must tell of after: so who seals meanwhile does not disturb.
    const told = await anchorsOf(reader, chain)
    const segments: Pick<StoredSegment, 'number' | 'hash' | 'sealedAt'>[] = []
    const noting: typeof verifySegment = (piece) => {
      const { number, hash, sealedAt } = piece.segment
      segments.push({ number, hash, sealedAt })
      return verifySegment(piece)
    }
    const result = await verifyChain({ queries, verifySegment: noting, found }, chain, { from: null, to: null })
    const anchors = await anchorsOf(reader, chain)
    for (const { number, hash, sealedAt } of segments) {
      const known = anchors.get(number)
      if (known === undefined && sealedAt < keptSince) totals.beyondLedger++
      else if (known === undefined) found(segmentProblem(chain, number, 'the ledger does not tell of it'))
      else if (known !== hash.toString('hex')) found(segmentProblem(chain, number, 'is not the one that the ledger tells of'))
      told.delete(number)
    }
    for (const number of told.keys()) found(segmentProblem(chain, number, 'is missing'))
    totals.entries += result.entries
    totals.waiting += result.waiting
    totals.segments += result.segments
    for (const problem of await findStrayEntries(reader, chain, 'audit')) found(problem)
  }
  return { ...totals, problems }
}

/** What the ledger tells of the segments of a chain: their hashes by number; of what it tells twice, what it told first. */
async function anchorsOf(reader: Reader, chain: number): Promise<Map<number, string | null>> {
  const rows = await reader.read<{ pec_msgid: string; detail: string | null }>(
    `select pec_msgid, detail from ledger_entry where slot = $1 and event = 'audit-sealed' order by seq desc`,
    [homeOf(chain)],
  )
  return new Map(rows.map(({ pec_msgid, detail }) => [numberOf(pec_msgid), detail]))
}

async function ledgerKeptSince(reader: Reader): Promise<number> {
  const [row] = await reader.read<{ since: Date | number }>('select ledger_kept_since() as since')
  return row?.since instanceof Date ? row.since.getTime() : 0
}
