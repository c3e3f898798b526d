/**
 * SQL of chains of segments over entries that slots number without a gap: of the ledger, and of any other log with the same tables
 * (`LOG_head`, `LOG_entry`, `LOG_chain`, `LOG_segment`, `LOG_seal`).
 */
import type { Database, Reader } from '../storage/database.ts'
import type { LedgerEntry } from './entry.ts'
import { chainOf, homeOf, type Head, type Log, type Segment, type SlotRange } from './sealed-lines.ts'

/** A log that is sealed in chains. */
export interface ChainedLog {
  /** what its tables' names begin with */
  readonly log: Log
  /** SQL of what follows the time in the canonical form of its entries, `e` */
  readonly rest: string
  /** an entry of the ledger that tells of each of its segments; the ledger itself has none */
  readonly anchor?: (segment: StoredSegment) => LedgerEntry
}

/** A segment as it is stored. */
export interface StoredSegment extends Segment {
  readonly hash: Buffer
  /** hashes of its entries, in order */
  readonly leaves: Buffer
}

/** Where a chain ends, and what waits to be sealed. */
export interface ChainState extends Head {
  readonly log: Log
  readonly sealedAt: number
  readonly closedUntil: number
  readonly waiting: readonly SlotRange[]
}

export interface Ranges {
  slots: number[]
  firsts: number[]
  lasts: number[]
}

export interface SegmentRow extends Ranges {
  slot: number
  number: number
  sealed_at: Date
  first_at: Date
  last_at: Date
  leaves: Buffer
  root: Buffer
  previous: Buffer
  hash: Buffer
}

/** An entry in the form over which it is sealed. */
export interface EntryLine {
  readonly slot: number
  readonly seq: number
  /** milliseconds since 1970; never a fraction, unless somebody has changed it */
  readonly at: number
  /** its canonical form (entry.ts) */
  readonly line: string
}

interface EntryRow {
  slot: number
  seq: number
  at: number
  rest: string
}

/** The canonical forms of rows. Many entries have one time, so its text is kept. */
function linesOf(rows: readonly EntryRow[]): EntryLine[] {
  let [known, text] = [Number.NaN, '']
  return rows.map(({ slot, seq, at, rest }) => {
    if (at !== known) [known, text] = [at, new Date(at).toISOString()]
    return { slot, seq, at, line: `[1,${slot},${seq},"${text}",${rest}]` }
  })
}

/** The same behind a line feed, whole, for times of whole seconds, as all of the ledger are; another time gives another text, and its entries are read one by one (verify-segment.ts). */
const wholeLine = (rest: string): string =>
  `E'\\n[1,' || e.slot || ',' || e.seq || ',' || left(to_json(e.at at time zone 'UTC')::text, -1) || '.000Z",' || ${rest} || ']'`

const chainOfHome = (home: number): number => home / homeOf(1)

/** '-infinity', which the driver gives as a number, is before everything. */
export const timeOf = (at: Date | number): number => (typeof at === 'number' ? 0 : at.getTime())

export const rangesOf = ({ slots, firsts, lasts }: Ranges): SlotRange[] =>
  slots.map((slot, at) => ({ slot, first: firsts[at] ?? 0, last: lasts[at] ?? 0 }))

export const columnsOf = (ranges: readonly SlotRange[]): [number[], number[], number[]] => [
  ranges.map(({ slot }) => slot),
  ranges.map(({ first }) => first),
  ranges.map(({ last }) => last),
]

export const segmentOf = (log: Log, row: SegmentRow): StoredSegment => ({
  log,
  chain: chainOfHome(row.slot),
  number: row.number,
  sealedAt: row.sealed_at.getTime(),
  firstAt: row.first_at.getTime(),
  lastAt: row.last_at.getTime(),
  ranges: rangesOf(row),
  root: row.root,
  previous: row.previous,
  hash: row.hash,
  leaves: row.leaves,
})

export function chainQueries({ reader, transactor }: Database, { log, rest, anchor }: ChainedLog) {
  return {
    ...chainReads(reader, { log, rest }),

    /** Takes or renews the lease on a chain. */
    async claim(chain: number, holder: string, { at, until }: { at: Date; until: Date }): Promise<boolean> {
      const rows = await transactor.call(
        homeOf(chain),
        `update ${log}_chain set holder = $2, leased_until = $4 where slot = $1 and (holder = $2 or leased_until < $3) returning slot`,
        [homeOf(chain), holder, at, until],
      )
      return rows.length > 0
    },

    async giveBack(chain: number, holder: string): Promise<void> {
      const sql = `update ${log}_chain set leased_until = '-infinity' where slot = $1 and holder = $2`
      await transactor.call(homeOf(chain), sql, [homeOf(chain), holder])
    },

    /** Adds a segment; false where somebody else was first. */
    async seal(segment: StoredSegment): Promise<boolean> {
      const { chain, number, ranges, leaves, root, previous, hash } = segment
      const times = [segment.sealedAt, segment.firstAt, segment.lastAt].map((ms) => new Date(ms))
      const [row] = await transactor.call<{ sealed: boolean }>(
        homeOf(chain),
        `select ${log}_seal($1, row($1::integer, $2::bigint, $3::timestamptz, $4::timestamptz, $5::timestamptz, $6::integer[],
           $7::bigint[], $8::bigint[], $9::bytea, $10::bytea, $11::bytea, $12::bytea)::${log}_segment${anchor ? ', $13' : ''}) as sealed`,
        [
          homeOf(chain),
          number,
          ...times,
          ...columnsOf(ranges),
          leaves,
          root,
          previous,
          hash,
          ...(anchor ? [JSON.stringify([anchor(segment)])] : []),
        ],
      )
      return row?.sealed === true
    },
  }
}

/** What verifying needs: it changes nothing. */
export function chainReads(reader: Reader, { log, rest }: Pick<ChainedLog, 'log' | 'rest'>) {
  return {
    /** How much waits in each chain, and since when nothing was sealed. */
    async waiting(): Promise<{ chain: number; entries: number; sealedAt: number }[]> {
      const rows = await reader.read<{ slot: number; entries: number; sealed_at: Date }>(
        `select c.slot, c.sealed_at, sum(h.next_seq - c.sealed[h.slot - c.slot + 1])::float8 as entries
         from ${log}_head h join ${log}_chain c on c.slot = h.slot / 256 * 256
         where h.next_seq > c.sealed[h.slot - c.slot + 1] group by c.slot, c.sealed_at`,
      )
      return rows.map(({ slot, entries, sealed_at }) => ({ chain: chainOfHome(slot), entries, sealedAt: timeOf(sealed_at) }))
    },

    async chain(chain: number): Promise<ChainState> {
      const [row] = await reader.read<{ number: number; hash: Buffer; sealed_at: Date; closed_until: Date }>(
        `select number, hash, sealed_at, closed_until from ${log}_chain where slot = $1`,
        [homeOf(chain)],
      )
      const waiting = await reader.read<SlotRange>(
        `select h.slot, c.sealed[h.slot - c.slot + 1] as first, h.next_seq - 1 as last
         from ${log}_chain c join ${log}_head h on h.slot >= c.slot and h.slot < c.slot + 256
         where c.slot = $1 and h.next_seq > c.sealed[h.slot - c.slot + 1] order by h.slot`,
        [homeOf(chain)],
      )
      const { number = 0, hash = Buffer.alloc(0), sealed_at = 0, closed_until = 0 } = row ?? {}
      return { log, chain, number, hash, sealedAt: timeOf(sealed_at), closedUntil: timeOf(closed_until), waiting }
    },

    /** Of each slot of a chain, how many entries are sealed. */
    async sealed(chain: number): Promise<number[]> {
      const [row] = await reader.read<{ sealed: number[] }>(`select sealed from ${log}_chain where slot = $1`, [homeOf(chain)])
      return (row?.sealed ?? []).map((next) => next - 1)
    },

    /** The entries of ranges, by slot and number. @param between times of the oldest and the newest: other partitions are not looked into */
    async entries(ranges: readonly SlotRange[], between?: { from: number; to: number }): Promise<EntryLine[]> {
      const rows = await reader.read<EntryRow>(
        `select e.slot, e.seq, (extract(epoch from e.at) * 1000)::float8 as at, ${rest} as rest
         from unnest($1::integer[], $2::bigint[], $3::bigint[]) r(slot, first, last)
         join ${log}_entry e on e.slot = r.slot and e.seq between r.first and r.last
         ${between ? 'where e.at between $4 and $5' : ''} order by e.slot, e.seq, e.at`,
        between ? [...columnsOf(ranges), new Date(between.from), new Date(between.to)] : columnsOf(ranges),
      )
      return linesOf(rows)
    },

    /** The canonical forms of the entries of each range, each behind a line feed, by number: one text a range. @param between as with `entries` */
    async lines(ranges: readonly SlotRange[], between: { from: number; to: number }): Promise<string[]> {
      const rows = await reader.read<{ lines: string | null }>(
        `select (select string_agg(${wholeLine(rest)}, '' order by e.seq, e.at) from ${log}_entry e
           where e.slot = r.slot and e.seq between r.first and r.last and e.at between $4 and $5) as lines
         from unnest($1::integer[], $2::bigint[], $3::bigint[]) with ordinality r(slot, first, last, n) order by r.n`,
        [...columnsOf(ranges), new Date(between.from), new Date(between.to)],
      )
      return rows.map(({ lines }) => lines ?? '')
    },

    /** Segments of a chain with numbers above `after` and up to `upTo`, in order, as many as `limit`. */
    async segments(chain: number, after: number, upTo: number, limit: number): Promise<StoredSegment[]> {
      const rows = await reader.read<SegmentRow>(
        `select * from ${log}_segment where slot = $1 and number > $2 and number <= $3 order by number limit $4`,
        [homeOf(chain), after, upTo, limit],
      )
      return rows.map((row) => segmentOf(log, row))
    },

    /** The last segment that was sealed before an instant. */
    async headBefore(chain: number, before: Date): Promise<Head | null> {
      const [row] = await reader.read<{ number: number; hash: Buffer }>(
        `select number, hash from ${log}_segment where slot = $1 and sealed_at < $2 order by sealed_at desc, number desc limit 1`,
        [homeOf(chain), before],
      )
      return row ? { chain, ...row } : null
    },

    /** The segment that an entry is in. @param since it was sealed then or later: what is older is not looked through */
    async segmentOf({ slot, seq }: { slot: number; seq: number }, since: Date): Promise<StoredSegment | null> {
      const rows = await reader.read<SegmentRow>(
        `select s.* from ${log}_segment s where s.slot = $1 and s.sealed_at >= $4 and exists (
           select from unnest(s.slots, s.firsts, s.lasts) r(slot, first, last) where r.slot = $2 and $3 between r.first and r.last)
         order by s.sealed_at, s.number limit 1`,
        [homeOf(chainOf(slot)), slot, seq, since],
      )
      return rows.map((row) => segmentOf(log, row))[0] ?? null
    },
  }
}
