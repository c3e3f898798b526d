/**
 * Revocation lists for later proof (table `revocation_list`): each that was fetched and verified, once, with the time in which it was used.
 * They go as the ledger does, thirty months after the month of their last use. The lists that decide about mail are those of crl-store.ts:
 * what stands here is never asked whether a seal is good now.
 */
import { hash } from 'node:crypto'
import type { Database } from '../storage/database.ts'
import { readList } from './crl.ts'

export interface FetchedList {
  readonly url: string
  /** as it came */
  readonly bytes: Buffer
}

export interface KeptLists {
  /** @param at milliseconds since 1970 @throws what the database throws; `der-malformed`, `crl-unfit` */
  keep(list: FetchedList, at: number): Promise<void>
  /**
   * The lists of an issuer that tell of an instant: of each place the newest one that was valid then, and the newest one at all.
   * @param issuer DER of its name
   * @returns the bytes as they came
   */
  about(issuer: Buffer, at: number): Promise<Buffer[]>
}

const KEPT_MS = 31 * 31 * 86_400_000

export function keptLists({ reader, transactor }: Database): KeptLists {
  return {
    async keep({ url, bytes }, at) {
      const { issuer, thisUpdate, nextUpdate } = readList(bytes)
      await transactor.reference(async (tx) => {
        await tx.query(
          `insert into revocation_list as l (sha256, issuer, url, this_update, next_update, first_used, last_used, list)
           values ($1, $2, $3, $4, $5, $6, $6, $7)
           on conflict (sha256) do update set last_used = greatest(l.last_used, excluded.last_used)`,
          [hash('sha256', bytes, 'buffer'), issuer, url, new Date(thisUpdate), new Date(nextUpdate), new Date(at), bytes],
        )
        await tx.query('delete from revocation_list where last_used < $1', [new Date(at - KEPT_MS)])
      })
    },

    async about(issuer, at) {
      const rows = await reader.read<{ list: Buffer }>(
        `select list from revocation_list where sha256 in (
           (select distinct on (url) sha256 from revocation_list
            where issuer = $1 and this_update <= $2 and next_update > $2 order by url, this_update desc)
           union (select distinct on (url) sha256 from revocation_list where issuer = $1 order by url, this_update desc))
         order by this_update, sha256`,
        [issuer, new Date(at)],
      )
      return rows.map(({ list }) => list)
    },
  }
}
