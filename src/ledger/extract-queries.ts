/** Reads of the ledger for extracts: which entries are about a mailbox or a message, and what seals them. And the record of each request. */
import type { Database } from '../storage/database.ts'
import { EVENT_ORDER } from './queries.ts'
import { slotOf } from '../base/ids.ts'
import type { LedgerEntry } from './entry.ts'
import { homeOf, segmentLine } from './sealed-lines.ts'
import { segmentOf, type SegmentRow, type StoredSegment } from './chain-queries.ts'

export interface ExtractRange {
  /** an address in lower case: entries with it as the sender or a recipient; null for all */
  readonly mailbox: string | null
  /** a certified identifier without angle brackets; null for all */
  readonly message: string | null
  /** milliseconds since 1970, both included */
  readonly from: number
  readonly to: number
}

export interface TimedKey {
  readonly slot: number
  readonly seq: number
  /** milliseconds since 1970 */
  readonly at: number
}

export interface SegmentName {
  readonly chain: number
  readonly number: number
}

export function extractQueries({ reader, transactor }: Database) {
  return {
    /**
     * The keys of entries by time; what one second holds, in the order of a message's way. At most `limit`. Without a message it looks
     * through all entries of the period: no index is kept for it, which every message would pay for.
     */
    keys({ mailbox, message, from, to }: ExtractRange, limit: number): Promise<TimedKey[]> {
      const params: unknown[] = [new Date(from), new Date(to), EVENT_ORDER, limit]
      const conditions = ['e.at between $1 and $2']
      if (mailbox !== null) {
        const n = params.push(mailbox)
        conditions.push(`(lower(e.sender) = $${n} or exists (select from unnest(e.recipients) r where lower(r) = $${n}))`)
      }
      if (message !== null) conditions.push(`e.pec_msgid = $${params.push(message)}`)
      return reader.read<TimedKey>(
        `select e.slot, e.seq, (extract(epoch from e.at) * 1000)::float8 as at from ledger_entry e
         where ${conditions.join(' and ')} order by e.at, array_position($3::text[], e.event), e.slot, e.seq limit $4`,
        params,
      )
    },

    /** The segment of each of these entries, where it is sealed. */
    async segmentsOf(keys: readonly TimedKey[]): Promise<(TimedKey & SegmentName)[]> {
      const rows = await reader.read<{ n: number; chain: number; number: number }>(
        `select k.n, k.slot / 256 as chain, s.number
         from unnest($1::integer[], $2::bigint[], $3::timestamptz[]) with ordinality k(slot, seq, at, n)
         cross join lateral (
           select s.number from ledger_segment s
           where s.slot = k.slot / 256 * 256 and s.sealed_at >= k.at - interval '1 day' and k.at between s.first_at and s.last_at
             and exists (select from unnest(s.slots, s.firsts, s.lasts) r(slot, first, last)
               where r.slot = k.slot and k.seq between r.first and r.last)
           order by s.sealed_at, s.number limit 1) s`,
        [keys.map(({ slot }) => slot), keys.map(({ seq }) => seq), keys.map(({ at }) => new Date(at))],
      )
      return rows.flatMap(({ n, chain, number }) => {
        const key = keys[n - 1]
        return key ? [{ ...key, chain, number }] : []
      })
    },

    /** These segments, with the hashes of their entries, in any order. */
    async segmentsNamed(names: readonly SegmentName[]): Promise<StoredSegment[]> {
      const rows = await reader.read<SegmentRow>(
        'select s.* from unnest($1::integer[], $2::bigint[]) n(slot, number) join ledger_segment s using (slot, number)',
        [names.map(({ chain }) => homeOf(chain)), names.map(({ number }) => number)],
      )
      return rows.map((row) => segmentOf('ledger', row))
    },

    /** The lines of a chain's segments from one number to another, both included, without the hashes of their entries. */
    async *segmentLines(chain: number, from: number, to: number): AsyncGenerator<string> {
      for (let next = from; next <= to;) {
        const rows = await reader.read<Omit<SegmentRow, 'leaves'>>(
          `select slot, number, sealed_at, first_at, last_at, slots, firsts, lasts, root, previous, hash from ledger_segment
           where slot = $1 and number between $2 and $3 order by number limit 1000`,
          [homeOf(chain), next, to],
        )
        for (const row of rows) yield segmentLine(segmentOf('ledger', { ...row, leaves: Buffer.alloc(0) }))
        next = (rows.at(-1)?.number ?? to) + 1
      }
    },

    /** Enters what was asked or made, in the slot of its identifier. It is sealed like every entry, and nobody can take it back. */
    async record(entry: LedgerEntry): Promise<void> {
      const slot = slotOf(entry.pecMsgid)
      await transactor.call(slot, 'select ledger_append($1, $2)', [slot, JSON.stringify([entry])])
    },
  }
}

export type ExtractQueries = ReturnType<typeof extractQueries>
