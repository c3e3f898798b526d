/** Reads of the audit log; it is written only by `audit_append` (audit.ts). */
import type { Reader } from '../storage/database.ts'
import type { AuditAct, AuditDetail, AuditRole } from './acts.ts'

export interface AuditEntry {
  /** slot and number, `17/3` */
  readonly entry: string
  readonly at: Date
  readonly actor: string
  readonly role: AuditRole
  readonly act: AuditAct
  readonly object: string
  readonly holders: readonly string[]
  /** not to be shown to the holders */
  readonly withheld: boolean
  readonly details: Readonly<Record<string, AuditDetail>>
}

interface EntryRow {
  slot: number
  seq: number
  at: Date
  actor: string
  role: AuditRole
  act: AuditAct
  object: string
  holders: string[]
  withheld: boolean
  details: string
}

export interface AuditFilter {
  readonly from?: Date
  readonly to?: Date
  readonly actor?: string
  readonly object?: string
  readonly holder?: string
  /** the last ones; default 1,000 */
  readonly limit?: number
}

const WITHHELD = `e.withheld and not exists (
  select from audit_entry d where d.act = 'access-disclosed' and d.object = 'audit:' || e.slot || '/' || e.seq) as withheld`

export function auditReads(reader: Reader) {
  return {
    /** Entries by time, the oldest first. */
    async list({ from, to, actor, object, holder, limit = 1000 }: AuditFilter): Promise<AuditEntry[]> {
      const rows = await reader.read<EntryRow>(
        `select e.slot, e.seq, e.at, e.actor, e.role, e.act, e.object, e.holders, ${WITHHELD}, e.details from audit_entry e
         where e.at >= coalesce($1::timestamptz, '-infinity') and e.at <= coalesce($2::timestamptz, 'infinity') and ($3::text is null or e.actor = $3)
           and ($4::text is null or e.object = $4) and ($5::text[] is null or e.holders @> $5)
         order by e.at desc, e.slot desc, e.seq desc limit $6`,
        [from ?? null, to ?? null, actor ?? null, object ?? null, holder === undefined ? null : [holder.toLowerCase()], limit],
      )
      return rows.reverse().map(({ slot, seq, details, ...row }) => ({
        entry: `${slot}/${seq}`,
        ...row,
        details: JSON.parse(details) as AuditEntry['details'],
      }))
    },
  }
}

/** What a holder may see of who had to do with his things. */
export async function accessesOf(reader: Reader, address: string): Promise<AuditEntry[]> {
  const all = await auditReads(reader).list({ holder: address, limit: MOST_ACCESSES })
  return all.filter(({ withheld }) => !withheld)
}

const MOST_ACCESSES = 10_000
