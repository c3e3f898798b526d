/** SQL of chains, segments and stamps. */
import type { Database, Reader } from '../storage/database.ts'
import { chainOf, homeOf, type Deletion, type Head, type Segment, type SlotRange, type Stamped } from './sealed-lines.ts'

/** A segment as it is stored. */
export interface StoredSegment extends Segment {
  readonly hash: Buffer
  /** hashes of its entries, in order */
  readonly leaves: Buffer
}

export interface StoredStamp extends Stamped {
  readonly root: Buffer
  readonly token: Buffer | null
  readonly authority: string | null
  readonly fileSha256: Buffer | null
}

export interface StoredDeletion extends Deletion {
  readonly hash: Buffer
}

/** Where a chain ends, and what waits to be sealed. */
export interface ChainState extends Head {
  readonly sealedAt: number
  readonly closedUntil: number
  readonly waiting: readonly SlotRange[]
}

interface Ranges {
  slots: number[]
  firsts: number[]
  lasts: number[]
}

interface SegmentRow extends Ranges {
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

interface StampRow {
  number: number
  day: string | null
  at: Date
  chains: number[]
  numbers: number[]
  hashes: Buffer[]
  previous: Buffer
  root: Buffer
  token: Buffer | null
  authority: string | null
  file_sha256: Buffer | null
}

interface DeletionRow extends Ranges {
  number: number
  name: string
  before: Date
  at: Date
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

/** What follows the time in the canonical form: made by the database, which takes half of the time that rows taken apart here would. */
const REST = `to_json(e.event)::text || ',' || to_json(e.pec_msgid)::text || ',' || coalesce(to_json(e.msgid)::text, 'null') || ',' ||
  to_json(e.sender)::text || ',' || array_to_json(e.recipients)::text || ',' || to_json(e.subject)::text || ',' ||
  array_to_json(e.related)::text || ',' || to_json(e.provider)::text || ',' || coalesce(to_json(e.detail)::text, 'null')`

/** The canonical forms of rows. Many entries have one time, so its text is kept. */
function linesOf(rows: readonly EntryRow[]): EntryLine[] {
  let [known, text] = [Number.NaN, '']
  return rows.map(({ slot, seq, at, rest }) => {
    if (at !== known) [known, text] = [at, new Date(at).toISOString()]
    return { slot, seq, at, line: `[1,${slot},${seq},"${text}",${rest}]` }
  })
}

/** The same behind a line feed, whole, for times of whole seconds, as all are that we write; another time gives another text, and not its own. */
const WHOLE = `E'\\n[1,' || e.slot || ',' || e.seq || ',' || left(to_json(e.at at time zone 'UTC')::text, -1) || '.000Z",' || ${REST} || ']'`

const CHAIN_OF = (home: number): number => home / homeOf(1)

/** '-infinity', which the driver gives as a number, is before everything. */
const timeOf = (at: Date | number): number => (typeof at === 'number' ? 0 : at.getTime())

const rangesOf = ({ slots, firsts, lasts }: Ranges): SlotRange[] =>
  slots.map((slot, at) => ({ slot, first: firsts[at] ?? 0, last: lasts[at] ?? 0 }))

export const columnsOf = (ranges: readonly SlotRange[]): [number[], number[], number[]] => [
  ranges.map(({ slot }) => slot),
  ranges.map(({ first }) => first),
  ranges.map(({ last }) => last),
]

const segmentOf = (row: SegmentRow): StoredSegment => ({
  chain: CHAIN_OF(row.slot),
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

const stampOf = (row: StampRow): StoredStamp => ({
  number: row.number,
  day: row.day,
  at: row.at.getTime(),
  heads: row.chains.map((chain, at) => ({ chain, number: row.numbers[at] ?? 0, hash: row.hashes[at] ?? Buffer.alloc(0) })),
  previous: row.previous,
  root: row.root,
  token: row.token,
  authority: row.authority,
  fileSha256: row.file_sha256,
})

export function sealingQueries({ reader, transactor }: Database) {
  return {
    ...sealingReads(reader),

    /** Takes or renews the lease on a chain. */
    async claim(chain: number, holder: string, { at, until }: { at: Date; until: Date }): Promise<boolean> {
      const rows = await transactor.call(
        homeOf(chain),
        'update ledger_chain set holder = $2, leased_until = $4 where slot = $1 and (holder = $2 or leased_until < $3) returning slot',
        [homeOf(chain), holder, at, until],
      )
      return rows.length > 0
    },

    async giveBack(chain: number, holder: string): Promise<void> {
      const sql = `update ledger_chain set leased_until = '-infinity' where slot = $1 and holder = $2`
      await transactor.call(homeOf(chain), sql, [homeOf(chain), holder])
    },

    /** Adds a segment; false where somebody else was first. */
    async seal(segment: StoredSegment): Promise<boolean> {
      const { chain, number, ranges, leaves, root, previous, hash } = segment
      const times = [segment.sealedAt, segment.firstAt, segment.lastAt].map((ms) => new Date(ms))
      const [row] = await transactor.call<{ sealed: boolean }>(
        homeOf(chain),
        `select ledger_seal($1, row($1::integer, $2::bigint, $3::timestamptz, $4::timestamptz, $5::timestamptz, $6::integer[],
           $7::bigint[], $8::bigint[], $9::bytea, $10::bytea, $11::bytea, $12::bytea)::ledger_segment) as sealed`,
        [homeOf(chain), number, ...times, ...columnsOf(ranges), leaves, root, previous, hash],
      )
      return row?.sealed === true
    },

    /** No segment of the chain gets a time before that any more. */
    async close(chain: number, until: Date): Promise<void> {
      await transactor.call(homeOf(chain), 'update ledger_chain set closed_until = greatest(closed_until, $2) where slot = $1', [
        homeOf(chain),
        until,
      ])
    },

    /** Adds a stamp without its token; false where there is one of that number. */
    async addStamp({ number, day, at, heads, previous, root }: Stamped & { root: Buffer }): Promise<boolean> {
      const rows = await transactor.call(
        0,
        `insert into ledger_stamp (slot, number, day, at, chains, numbers, hashes, previous, root)
         values ($1, $2, $3, $4, $5, $6, $7::bytea[], $8, $9) on conflict do nothing returning number`,
        [
          0,
          number,
          day,
          new Date(at),
          heads.map(({ chain }) => chain),
          heads.map((head) => head.number),
          heads.map(({ hash }) => `\\x${hash.toString('hex')}`),
          previous,
          root,
        ],
      )
      return rows.length > 0
    },

    async keepToken(number: number, token: Buffer, authority: string): Promise<void> {
      const sql = 'update ledger_stamp set token = $3, authority = $4 where slot = $1 and number = $2 and token is null'
      await transactor.call(0, sql, [0, number, token, authority])
    },

    async keepFileHash(number: number, sha256: Buffer): Promise<void> {
      await transactor.call(0, 'update ledger_stamp set file_sha256 = $3 where slot = $1 and number = $2', [0, number, sha256])
    },
  }
}

/** What verifying and writing files need: they change nothing. */
export function sealingReads(reader: Reader) {
  return {
    /** How much waits in each chain, and since when nothing was sealed. */
    async waiting(): Promise<{ chain: number; entries: number; sealedAt: number }[]> {
      const rows = await reader.read<{ slot: number; entries: number; sealed_at: Date }>(
        `select c.slot, c.sealed_at, sum(h.next_seq - c.sealed[h.slot - c.slot + 1])::float8 as entries
         from ledger_head h join ledger_chain c on c.slot = h.slot / 256 * 256
         where h.next_seq > c.sealed[h.slot - c.slot + 1] group by c.slot, c.sealed_at`,
      )
      return rows.map(({ slot, entries, sealed_at }) => ({ chain: CHAIN_OF(slot), entries, sealedAt: timeOf(sealed_at) }))
    },

    async chain(chain: number): Promise<ChainState> {
      const [row] = await reader.read<{ number: number; hash: Buffer; sealed_at: Date; closed_until: Date }>(
        'select number, hash, sealed_at, closed_until from ledger_chain where slot = $1',
        [homeOf(chain)],
      )
      const waiting = await reader.read<SlotRange>(
        `select h.slot, c.sealed[h.slot - c.slot + 1] as first, h.next_seq - 1 as last
         from ledger_chain c join ledger_head h on h.slot >= c.slot and h.slot < c.slot + 256
         where c.slot = $1 and h.next_seq > c.sealed[h.slot - c.slot + 1] order by h.slot`,
        [homeOf(chain)],
      )
      const { number = 0, hash = Buffer.alloc(0), sealed_at = 0, closed_until = 0 } = row ?? {}
      return { chain, number, hash, sealedAt: timeOf(sealed_at), closedUntil: timeOf(closed_until), waiting }
    },

    /** Of each slot of a chain, how many entries are sealed. */
    async sealed(chain: number): Promise<number[]> {
      const [row] = await reader.read<{ sealed: number[] }>('select sealed from ledger_chain where slot = $1', [homeOf(chain)])
      return (row?.sealed ?? []).map((next) => next - 1)
    },

    /** The entries of ranges, by slot and number. @param between times of the oldest and the newest: other partitions are not looked into */
    async entries(ranges: readonly SlotRange[], between?: { from: number; to: number }): Promise<EntryLine[]> {
      const rows = await reader.read<EntryRow>(
        `select e.slot, e.seq, (extract(epoch from e.at) * 1000)::float8 as at, ${REST} as rest
         from unnest($1::integer[], $2::bigint[], $3::bigint[]) r(slot, first, last)
         join ledger_entry e on e.slot = r.slot and e.seq between r.first and r.last
         ${between ? 'where e.at between $4 and $5' : ''} order by e.slot, e.seq, e.at`,
        between ? [...columnsOf(ranges), new Date(between.from), new Date(between.to)] : columnsOf(ranges),
      )
      return linesOf(rows)
    },

    /** The canonical forms of the entries of each range, each behind a line feed, by number: one text a range. @param between as with `entries` */
    async lines(ranges: readonly SlotRange[], between: { from: number; to: number }): Promise<string[]> {
      const rows = await reader.read<{ lines: string | null }>(
        `select (select string_agg(${WHOLE}, '' order by e.seq, e.at) from ledger_entry e
           where e.slot = r.slot and e.seq between r.first and r.last and e.at between $4 and $5) as lines
         from unnest($1::integer[], $2::bigint[], $3::bigint[]) with ordinality r(slot, first, last, n) order by r.n`,
        [...columnsOf(ranges), new Date(between.from), new Date(between.to)],
      )
      return rows.map(({ lines }) => lines ?? '')
    },

    /** Segments of a chain with numbers above `after` and up to `upTo`, in order, as many as `limit`. */
    async segments(chain: number, after: number, upTo: number, limit: number): Promise<StoredSegment[]> {
      const rows = await reader.read<SegmentRow>(
        'select * from ledger_segment where slot = $1 and number > $2 and number <= $3 order by number limit $4',
        [homeOf(chain), after, upTo, limit],
      )
      return rows.map(segmentOf)
    },

    /** The last segment that was sealed before an instant. */
    async headBefore(chain: number, before: Date): Promise<Head | null> {
      const [row] = await reader.read<{ number: number; hash: Buffer }>(
        'select number, hash from ledger_segment where slot = $1 and sealed_at < $2 order by sealed_at desc, number desc limit 1',
        [homeOf(chain), before],
      )
      return row ? { chain, ...row } : null
    },

    /** The first time after `from` at which a segment was sealed. */
    async nextSealed(chain: number, from: Date): Promise<number | null> {
      const [row] = await reader.read<{ at: Date | null }>(
        'select min(sealed_at) as at from ledger_segment where slot = $1 and sealed_at >= $2',
        [homeOf(chain), from],
      )
      return row?.at?.getTime() ?? null
    },

    /** The segment that an entry is in. @param since it was sealed then or later: what is older is not looked through */
    async segmentOf({ slot, seq }: { slot: number; seq: number }, since: Date): Promise<StoredSegment | null> {
      const rows = await reader.read<SegmentRow>(
        `select s.* from ledger_segment s where s.slot = $1 and s.sealed_at >= $4 and exists (
           select from unnest(s.slots, s.firsts, s.lasts) r(slot, first, last) where r.slot = $2 and $3 between r.first and r.last)
         order by s.sealed_at, s.number limit 1`,
        [homeOf(chainOf(slot)), slot, seq, since],
      )
      return rows.map(segmentOf)[0] ?? null
    },

    async stamps(after: number, limit: number): Promise<StoredStamp[]> {
      const sql = 'select * from ledger_stamp where slot = 0 and number > $1 order by number limit $2'
      return (await reader.read<StampRow>(sql, [after, limit])).map(stampOf)
    },

    /** The last stamp, or the last one that closes a day before `day`. */
    async lastStamp(day?: string): Promise<StoredStamp | null> {
      const rows =
        day === undefined
          ? await reader.read<StampRow>('select * from ledger_stamp where slot = 0 order by number desc limit 1')
          : await reader.read<StampRow>('select * from ledger_stamp where slot = 0 and day < $1 order by day desc limit 1', [day])
      return rows.map(stampOf)[0] ?? null
    },

    async stampOfDay(day: string): Promise<StoredStamp | null> {
      return (
        (await reader.read<StampRow>('select * from ledger_stamp where slot = 0 and day = $1', [day])).map(stampOf)[0] ?? null
      )
    },

    /** The last day that is closed, or null. */
    async lastDay(): Promise<string | null> {
      const [row] = await reader.read<{ day: string | null }>('select max(day) as day from ledger_stamp where slot = 0')
      return row?.day ?? null
    },

    /** The time stamp token that came last, or null. */
    async lastToken(): Promise<Buffer | null> {
      const sql = 'select token from ledger_stamp where slot = 0 and token is not null order by number desc limit 1'
      return (await reader.read<{ token: Buffer }>(sql))[0]?.token ?? null
    },

    /** Stamps that wait for their token. */
    async withoutToken(): Promise<StoredStamp[]> {
      const sql = 'select * from ledger_stamp where slot = 0 and token is null order by number'
      return (await reader.read<StampRow>(sql)).map(stampOf)
    },

    /** Days that wait for their file. */
    async withoutFile(): Promise<StoredStamp[]> {
      const sql = 'select * from ledger_stamp where slot = 0 and day is not null and file_sha256 is null order by number'
      return (await reader.read<StampRow>(sql)).map(stampOf)
    },

    /** The last closed days, some weeks of them. */
    async recentDays(): Promise<StoredStamp[]> {
      const sql = 'select * from ledger_stamp where slot = 0 and day is not null order by day desc limit 40'
      return (await reader.read<StampRow>(sql)).map(stampOf)
    },

    /** The first stamp with a token that is over a segment of a chain. */
    async stampOver(chain: number, number: number): Promise<StoredStamp | null> {
      const rows = await reader.read<StampRow>(
        `select s.* from ledger_stamp s where s.slot = 0 and s.token is not null and s.numbers[$1::integer + 1] >= $2
         order by s.numbers[$1::integer + 1], s.number limit 1`,
        [chain, number],
      )
      return rows.map(stampOf)[0] ?? null
    },

    /** The hash of each of these segments, in order; undefined where there is none. */
    async segmentHashes(heads: readonly Head[]): Promise<(Buffer | undefined)[]> {
      const rows = await reader.read<{ hash: Buffer | null }>(
        `select s.hash from unnest($1::integer[], $2::bigint[]) with ordinality h(slot, number, n)
         left join ledger_segment s on s.slot = h.slot and s.number = h.number order by h.n`,
        [heads.map(({ chain }) => homeOf(chain)), heads.map(({ number }) => number)],
      )
      return rows.map(({ hash }) => hash ?? undefined)
    },

    /** The end of the last day that is closed in a chain; 0 where none is. */
    async closedUntil(): Promise<number> {
      const [row] = await reader.read<{ at: Date | number }>('select max(closed_until) as at from ledger_chain')
      return timeOf(row?.at ?? 0)
    },

    async deletions(chain: number): Promise<StoredDeletion[]> {
      const sql = 'select * from ledger_deletion where slot = $1 order by number'
      return (await reader.read<DeletionRow>(sql, [homeOf(chain)])).map((row) => ({
        chain,
        number: row.number,
        name: row.name,
        before: row.before.getTime(),
        at: row.at.getTime(),
        ranges: rangesOf(row),
        hash: row.hash,
      }))
    },
  }
}

export type SealingQueries = ReturnType<typeof sealingQueries>
export type SealingReads = ReturnType<typeof sealingReads>
