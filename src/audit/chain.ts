/**
 * How the audit log is sealed: by the ledger's own machinery (ledger/sealing.ts), in chains of its own. Each segment's hash goes into the
 * ledger with it, as an entry `audit-sealed`; from there the ledger's seals and the daily time stamp vouch for it (decision 0021).
 */
import { instantOf } from '../base/instant.ts'
import { chainQueries, type StoredSegment } from '../ledger/chain-queries.ts'
import { ledgerEntry, type LedgerEntry } from '../ledger/entry.ts'
import { createSealing, type Sealing } from '../ledger/sealing.ts'
import { sizeOf } from '../ledger/sealed-lines.ts'
import type { Database } from '../storage/database.ts'

/** What follows the time in an entry's canonical form: actor, role, act, object, holders, withheld, details. */
const REST = `to_json(e.actor)::text || ',' || to_json(e.role)::text || ',' || to_json(e.act)::text || ',' || to_json(e.object)::text || ',' ||
  array_to_json(e.holders)::text || ',' || e.withheld::text || ',' || to_json(e.details)::text`

export const AUDIT_LOG = { log: 'audit', rest: REST } as const

/** The identifier of the ledger's entry about a segment. */
const anchorId = (chain: number, number: number): string => `audit-${chain}-${number}`

/** The number of the segment in such an identifier. */
export const numberOf = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1))

function anchorOf(provider: string, { chain, number, sealedAt, ranges, hash }: StoredSegment): LedgerEntry {
  const subject = `${sizeOf(ranges)} entries of the audit log sealed`
  const facts = { pecMsgid: anchorId(chain, number), msgid: null, sender: '', recipients: [], subject }
  return ledgerEntry('audit-sealed', instantOf(sealedAt), facts, { related: [], provider, detail: hash.toString('hex') })
}

export interface AuditSealingDeps {
  readonly database: Database
  /** the provider's name, for the ledger */
  readonly provider: string
  /** names this process */
  readonly holder: string
  readonly now: () => number
}

export function createAuditSealing({ database, provider, holder, now }: AuditSealingDeps): Sealing {
  const queries = chainQueries(database, { ...AUDIT_LOG, anchor: (segment) => anchorOf(provider, segment) })
  return createSealing({ queries, holder, now })
}
