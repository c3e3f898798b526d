/** SQL of how far the logs were read: one row for each log and each group of 256 slots, leased to who reads. */
import type { Log } from '../ledger/sealed-lines.ts'
import type { Database } from '../storage/database.ts'

const GROUP = 256

/** Part of a log: the slots from `home` on. */
export interface LogPart {
  readonly log: Log
  readonly home: number
}

/** The entries of a slot, both ends included. */
export interface EntryRange {
  readonly slot: number
  readonly first: number
  readonly last: number
}

export interface CursorState {
  /** of each slot, the number of the next entry */
  readonly next: readonly number[]
  readonly kept: boolean
}

export function cursorQueries({ reader, transactor }: Database) {
  return {
    /** Parts of a log that are read from time to time, or not yet. */
    async parts(log: Log, kept: boolean): Promise<LogPart[]> {
      const sql = 'select slot as home from webhook_cursor where log = $1 and kept = $2 order by slot'
      return (await reader.read<{ home: number }>(sql, [log, kept])).map(({ home }) => ({ log, home }))
    },

    /** Parts in which there is something new. */
    async behind(log: Log): Promise<LogPart[]> {
      const rows = await reader.read<{ home: number }>(
        `select distinct c.slot as home from webhook_cursor c join ${log}_head h on h.slot >= c.slot and h.slot < c.slot + ${GROUP}
         where c.log = $1 and c.kept and h.next_seq > c.next[h.slot - c.slot + 1] order by 1`,
        [log],
      )
      return rows.map(({ home }) => ({ log, home }))
    },

    /** Takes the lease on a part, until it is moved; undefined where somebody else has it. */
    async claim({ log, home }: LogPart, holder: string, at: Date, until: Date): Promise<CursorState | undefined> {
      const [row] = await transactor.call<CursorState>(
        home,
        `update webhook_cursor set holder = $3, leased_until = $5
         where slot = $1 and log = $2 and leased_until < $4 returning next, kept`,
        [home, log, holder, at, until],
      )
      return row
    },

    /** What there is beyond a cursor. */
    async news({ log, home }: LogPart, { next }: CursorState): Promise<EntryRange[]> {
      const rows = await reader.read<{ slot: number; next: number }>(
        `select slot, next_seq as next from ${log}_head where slot >= $1 and slot < $1 + ${GROUP} order by slot`,
        [home],
      )
      return rows
        .map((head) => ({ slot: head.slot, first: next[head.slot - home] ?? 1, last: head.next - 1 }))
        .filter(({ first, last }) => first <= last)
    },

    /** Where a part is to be read from, so that nothing is missed that has happened since a time. */
    async startOf({ log, home }: LogPart, since: Date): Promise<number[]> {
      const rows = await reader.read<{ slot: number; next: number }>(
        `select h.slot, coalesce((
           select e.seq from ${log}_entry e where e.slot = h.slot and e.at < $2 order by e.seq desc limit 1), 0) + 1 as next
         from ${log}_head h where h.slot >= $1 and h.slot < $1 + ${GROUP}`,
        [home, since],
      )
      const starts = new Map(rows.map(({ slot, next }) => [slot - home, next]))
      return Array.from({ length: GROUP }, (_, index) => starts.get(index) ?? 1)
    },

    /** Moves a cursor on, unless somebody else has done so, and gives the lease back. */
    async move({ log, home }: LogPart, holder: string, from: CursorState, to: CursorState): Promise<boolean> {
      const rows = await transactor.call(
        home,
        `update webhook_cursor set next = $4, kept = $5, leased_until = '-infinity'
         where slot = $1 and log = $2 and holder = $3 and next = $6 and kept = $7 returning log`,
        [home, log, holder, to.next, to.kept, from.next, from.kept],
      )
      return rows.length > 0
    },
  }
}

export type CursorQueries = ReturnType<typeof cursorQueries>
