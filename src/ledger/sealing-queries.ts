/** SQL of the chains of the ledger, with their stamps and deletions. */
import type { Database, Reader } from '../storage/database.ts'
import { chainQueries, chainReads, rangesOf, timeOf, type Ranges } from './chain-queries.ts'
import { homeOf, type Deletion, type Head, type Stamped } from './sealed-lines.ts'

export { columnsOf, type ChainState, type EntryLine, type StoredSegment } from './chain-queries.ts'

export interface StoredStamp extends Stamped {
  readonly root: Buffer
  readonly token: Buffer | null
  readonly authority: string | null
  readonly fileSha256: Buffer | null
}

export interface StoredDeletion extends Deletion {
  readonly hash: Buffer
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

/** What follows the time in the canonical form: made by the database, which takes half of the time that rows taken apart here would. */
const REST = `to_json(e.event)::text || ',' || to_json(e.pec_msgid)::text || ',' || coalesce(to_json(e.msgid)::text, 'null') || ',' ||
  to_json(e.sender)::text || ',' || array_to_json(e.recipients)::text || ',' || to_json(e.subject)::text || ',' ||
  array_to_json(e.related)::text || ',' || to_json(e.provider)::text || ',' || coalesce(to_json(e.detail)::text, 'null')`

const LEDGER = { log: 'ledger', rest: REST } as const

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

export function sealingQueries(database: Database) {
  const { reader, transactor } = database
  return {
    ...chainQueries(database, LEDGER),
    ...sealingReads(reader),

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
    ...chainReads(reader, LEDGER),

    /** The first time after `from` at which a segment was sealed. */
    async nextSealed(chain: number, from: Date): Promise<number | null> {
      const [row] = await reader.read<{ at: Date | null }>(
        'select min(sealed_at) as at from ledger_segment where slot = $1 and sealed_at >= $2',
        [homeOf(chain), from],
      )
      return row?.at?.getTime() ?? null
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
