/** Reads of the audit log; it is written only by `audit_append` (audit.ts). */
import type { SlotRange } from '../ledger/sealed-lines.ts'
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

const entryOf = ({ slot, seq, details, ...row }: EntryRow): AuditEntry => ({
  entry: `${slot}/${seq}`,
  ...row,
  details: JSON.parse(details) as AuditEntry['details'],
})

const COLUMNS = `e.slot, e.seq, e.at, e.actor, e.role, e.act, e.object, e.holders, ${WITHHELD}, e.details`

export function auditReads(reader: Reader) {
  return {
    /** @param name slot and number */
    async entry(name: string): Promise<AuditEntry | undefined> {
      const [, slot, seq] = /^(\d{1,4})\/(\d{1,15})$/.exec(name) ?? []
      if (slot === undefined || seq === undefined) return undefined
      const sql = `select ${COLUMNS} from audit_entry e where e.slot = $1 and e.seq = $2`
      return (await reader.read<EntryRow>(sql, [Number(slot), Number(seq)])).map(entryOf)[0]
    },

    /** The entries of ranges of slots that are of some acts, by slot and number. */
    async inRanges(ranges: readonly SlotRange[], acts: readonly AuditAct[]): Promise<AuditEntry[]> {
      const rows = await reader.read<EntryRow>(
        `select ${COLUMNS} from unnest($1::integer[], $2::bigint[], $3::bigint[]) r(slot, first, last)
         join audit_entry e on e.slot = r.slot and e.seq between r.first and r.last
         where e.act = any ($4) order by e.slot, e.seq`,
        [ranges.map(({ slot }) => slot), ranges.map(({ first }) => first), ranges.map(({ last }) => last), acts],
      )
      return rows.map(entryOf)
    },

    /** Entries by time, the oldest first. */
    async list({ from, to, actor, object, holder, limit = 1000 }: AuditFilter): Promise<AuditEntry[]> {
      const rows = await reader.read<EntryRow>(
        `select ${COLUMNS} from audit_entry e
         where e.at >= coalesce($1::timestamptz, '-infinity') and e.at <= coalesce($2::timestamptz, 'infinity') and ($3::text is null or e.actor = $3)
           and ($4::text is null or e.object = $4) and ($5::text[] is null or e.holders @> $5)
         order by e.at desc, e.slot desc, e.seq desc limit $6`,
        [from ?? null, to ?? null, actor ?? null, object ?? null, holder === undefined ? null : [holder.toLowerCase()], limit],
      )
      return rows.reverse().map(entryOf)
    },
  }
}

/**
 * What a holder is told of an access: when, in what capacity, what. Not who: nobody has a right to the names of a provider's staff (Court
 * of Justice of the EU, C-579/21); they are in the log, for whoever has to judge.
 */
export type Access = Pick<AuditEntry, 'entry' | 'at' | 'role' | 'act' | 'object' | 'details'>

/** What a holder may see of who had to do with his things, the oldest first; and how many entries are withheld from him. */
export async function accessesOf(reader: Reader, address: string): Promise<{ accesses: Access[]; withheld: number }> {
  const all = await auditReads(reader).list({ holder: address, limit: MOST_ACCESSES })
  const shown = all.filter(({ withheld }) => !withheld)
  const accesses = shown.map(({ entry, at, role, act, object, details }) => ({ entry, at, role, act, object, details }))
  return { accesses, withheld: all.length - shown.length }
}

const MOST_ACCESSES = 10_000
