/** SQL of partitions, deletions and legal holds. */
import { clientError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'
import type { LedgerEntry } from './entry.ts'
import { homeOf } from './sealed-lines.ts'
import { columnsOf, type StoredDeletion } from './sealing-queries.ts'

export interface Partition {
  readonly name: string
  /** milliseconds since 1970; -Infinity for the first one */
  readonly from: number
  readonly to: number
}

export interface EntryKey {
  readonly slot: number
  readonly seq: number
}

export type HoldKind = 'mailbox' | 'message'

export interface Hold {
  readonly kind: HoldKind
  /** an address, or a PEC msgid without angle brackets */
  readonly value: string
  readonly reason: string
  /** milliseconds since 1970 */
  readonly since: number
}

/** A name that stands in a statement: only those that we gave ourselves. */
function quoted(name: string): string {
  if (!/^ledger_entry_(first|rest|\d{4}_\d\d)$/.test(name)) throw clientError('ledger-partition', `${name} is no partition`)
  return name
}

const IS_HELD = `(e.event = 'entries-deleted' or exists (select from ledger_hold h where h.kind = 'message' and h.value = e.pec_msgid
  or h.kind = 'mailbox' and (lower(e.sender) = h.value or exists (select from unnest(e.recipients) r where lower(r) = h.value))))`

const PAGE = 50_000

/** A row of `ledger_deletion` out of the first nine parameters. */
const DELETION = `row($1::integer, $2::bigint, $3::text, $4::timestamptz, $5::timestamptz, $6::integer[], $7::bigint[], $8::bigint[],
  $9::bytea)::ledger_deletion`

const deletionColumns = ({ chain, number, name, before, at, ranges, hash }: StoredDeletion): unknown[] => [
  homeOf(chain),
  number,
  name,
  new Date(before),
  new Date(at),
  ...columnsOf(ranges),
  hash,
]

export function retentionQueries({ reader, transactor }: Database) {
  return {
    /** @param month its first instant */
    async addPartition(month: Date): Promise<boolean> {
      const day = month.toISOString().slice(0, 10)
      const [row] = await transactor.call<{ made: boolean }>(0, 'select ledger_add_partition($1, $2::date) as made', [0, day])
      return row?.made === true
    },

    /** Those that are there and end before an instant, the oldest first. */
    async endedPartitions(before: Date): Promise<Partition[]> {
      const rows = await reader.read<{ name: string; from_at: Date | number; to_at: Date }>(
        'select name, from_at, to_at from ledger_partition where slot = 0 and dropped_at is null and to_at <= $1 order by to_at',
        [before],
      )
      return rows.map(({ name, from_at, to_at }) => ({ name, from: Number(from_at), to: to_at.getTime() }))
    },

    /** All entries of a partition by slot and number, page by page. */
    async *keys(name: string): AsyncGenerator<EntryKey> {
      const table = quoted(name)
      for (let after: EntryKey = { slot: -1, seq: 0 }; ;) {
        const page = await reader.read<EntryKey>(
          `select slot, seq from ${table} where (slot, seq) > ($1, $2) order by slot, seq limit ${PAGE}`,
          [after.slot, after.seq],
        )
        yield* page
        const last = page.at(-1)
        if (page.length < PAGE || !last) return
        after = last
      }
    },

    /** Those of a partition that a legal hold keeps, and those that tell of deletions. */
    heldKeys: (name: string): Promise<EntryKey[]> =>
      reader.read<EntryKey>(`select slot, seq from ${quoted(name)} e where ${IS_HELD} order by slot, seq`),

    /** Of each slot, the number of the first entry that is not sealed. */
    async firstUnsealed(): Promise<Map<number, number>> {
      const rows = await reader.read<{ slot: number; sealed: number[] }>('select slot, sealed from ledger_chain')
      return new Map(rows.flatMap(({ slot, sealed }) => sealed.map((next, at): [number, number] => [slot + at, next])))
    },

    /** The days on which entries of that time were sealed. */
    async daysOf({ from, to }: Partition): Promise<string[]> {
      const rows = await reader.read<{ day: string }>(
        `select distinct (sealed_at at time zone 'UTC')::date as day from ledger_segment
         where first_at < $2 and last_at >= $1 order by day`,
        [Number.isFinite(from) ? new Date(from) : '-infinity', new Date(to)],
      )
      return rows.map(({ day }) => day)
    },

    /** Of these days, those that are closed, stamped and written. */
    async finishedDays(days: readonly string[]): Promise<string[]> {
      const rows = await reader.read<{ day: string }>(
        'select day from ledger_stamp where slot = 0 and day = any ($1::date[]) and token is not null and file_sha256 is not null',
        [days],
      )
      return rows.map(({ day }) => day)
    },

    /** Records a deletion with its ledger entry; false where it is recorded already. */
    async record(deletion: StoredDeletion, entry: LedgerEntry): Promise<boolean> {
      const [row] = await transactor.call<{ recorded: boolean }>(
        homeOf(deletion.chain),
        `select ledger_record_deletion($1, ${DELETION}, $10) as recorded`,
        [...deletionColumns(deletion), JSON.stringify(entry)],
      )
      return row?.recorded === true
    },

    /** When the last dropped partition ended: what is older and still there is held. 0 where none was dropped. */
    async keptSince(): Promise<number> {
      const [row] = await reader.read<{ since: Date | number }>('select ledger_kept_since() as since')
      return row?.since instanceof Date ? row.since.getTime() : 0
    },

    /** What is older than that, but neither held nor about a deletion. */
    releasedKeys: (before: Date): Promise<EntryKey[]> =>
      reader.read<EntryKey>(`select slot, seq from ledger_entry_rest e where at < $1 and not ${IS_HELD} order by slot, seq`, [
        before,
      ]),

    /** Records a deletion and does it, for what was held. */
    async release(deletion: StoredDeletion, entry: LedgerEntry): Promise<boolean> {
      const [row] = await transactor.call<{ released: boolean }>(
        homeOf(deletion.chain),
        `select ledger_release($1, ${DELETION}, $10) as released`,
        [...deletionColumns(deletion), JSON.stringify(entry)],
      )
      return row?.released === true
    },

    async drop(name: string, at: Date, kept: readonly EntryKey[]): Promise<boolean> {
      const [row] = await transactor.call<{ dropped: boolean }>(
        0,
        'select ledger_drop_partition($1, $2, $3, $4, $5) as dropped',
        [0, quoted(name), at, kept.map(({ slot }) => slot), kept.map(({ seq }) => seq)],
      )
      return row?.dropped === true
    },

    async holds(): Promise<Hold[]> {
      const rows = await reader.read<{ kind: HoldKind; value: string; reason: string; since: Date }>(
        'select kind, value, reason, since from ledger_hold order by kind, value',
      )
      return rows.map(({ since, ...hold }) => ({ ...hold, since: since.getTime() }))
    },

    /** False if there is one already. */
    async addHold({ kind, value, reason, since }: Hold): Promise<boolean> {
      const rows = await transactor.reference((tx) =>
        tx.query(
          'insert into ledger_hold (kind, value, reason, since) values ($1, $2, $3, $4) on conflict do nothing returning kind',
          [kind, value, reason, new Date(since)],
        ),
      )
      return rows.length > 0
    },

    /** False if there is none. */
    async removeHold(kind: HoldKind, value: string): Promise<boolean> {
      const rows = await transactor.reference((tx) =>
        tx.query('delete from ledger_hold where kind = $1 and value = $2 returning kind', [kind, value]),
      )
      return rows.length > 0
    },
  }
}

export type RetentionQueries = ReturnType<typeof retentionQueries>
