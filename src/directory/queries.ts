/** SQL of the providers' directory (migration 0011). */
import { temporaryError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'
import type { ProviderRecord } from './types.ts'

/** What is known of the copy that is in use, and of the attempts to replace it. */
export interface DirectoryState {
  /** 0 before the first copy; another number means another copy */
  readonly version: number
  /** of the signed file */
  readonly sha256: Buffer | null
  /** DER of the certificate that signed it */
  readonly signer: Buffer | null
  /** as the signer says */
  readonly signedAt: Date | null
  readonly fetchedAt: Date | null
  /** of the attempts since then */
  readonly lastError: string | null
  readonly failedAt: Date | null
  readonly nextRefresh: Date
}

export interface StoredDirectory {
  readonly version: number
  /** in the order of the file */
  readonly records: readonly ProviderRecord[]
}

export interface NewCopy {
  readonly records: readonly ProviderRecord[]
  readonly sha256: Buffer
  readonly signer: Buffer
  readonly signedAt: Date | null
}

/** When the file was found good, and when to look again. */
export interface RefreshTimes {
  readonly at: number
  readonly next: number
}

interface StoredRow {
  version: number
  name: string | null
  unit: string | null
  mail_receipt: string
  ldif_url: string | null
  description: string | null
  certificates: Buffer[]
  domains: string[]
}

/** Several values a provider, as the columns of an `unnest`. */
function columnsOf<Value>(lists: readonly (readonly Value[])[]): [providers: number[], positions: number[], values: Value[]] {
  const providers: number[] = []
  const positions: number[] = []
  const values: Value[] = []
  for (const [provider, list] of lists.entries()) {
    for (const [position, value] of list.entries()) {
      providers.push(provider)
      positions.push(position)
      values.push(value)
    }
  }
  return [providers, positions, values]
}

const CLEARED = ['delete from directory_domain', 'delete from directory_certificate', 'delete from directory_provider']

/** Whoever lost the lease in between must change nothing any more. */
const lost = (rows: readonly unknown[]): void => {
  if (rows.length === 0) throw temporaryError('directory-lease-lost', 'it took too long, and another process has taken over')
}

export function directoryQueries({ reader, transactor }: Database) {
  return {
    async state(): Promise<DirectoryState> {
      const [row] = await reader.read<DirectoryState>(
        `select version, sha256, signer, signed_at as "signedAt", fetched_at as "fetchedAt", last_error as "lastError",
           failed_at as "failedAt", next_refresh as "nextRefresh" from directory_state where id = 1`,
      )
      if (!row) throw temporaryError('directory-state-missing', 'the row of directory_state is missing')
      return row
    },

    /** The copy, of one moment: one statement sees it whole. */
    async stored(): Promise<StoredDirectory> {
      const rows = await reader.read<StoredRow>(
        `select s.version, p.name, p.unit, p.mail_receipt, p.ldif_url, p.description,
           array(select c.der from directory_certificate c where c.provider = p.position order by c.position) as certificates,
           array(select d.name from directory_domain d where d.provider = p.position order by d.position) as domains
         from directory_state s left join directory_provider p on true where s.id = 1 order by p.position`,
      )
      const records = rows.flatMap(({ name, unit, mail_receipt, ldif_url, description, certificates, domains }) =>
        name === null ? [] : { name, unit, mailReceipt: mail_receipt, ldifUrl: ldif_url, description, certificates, domains },
      )
      return { version: rows[0]?.version ?? 0, records }
    },

    /** Whether a domain is in the copy, in any case. */
    async hasDomain(name: string): Promise<boolean> {
      return (await reader.read('select from directory_domain where lower(name) = lower($1)', [name])).length > 0
    },

    /** Takes the work for `holder` until `until`; no if somebody else has it, or, with `dueOnly`, if it is not time yet. */
    claim: (holder: string, { at, until, dueOnly }: { at: number; until: number; dueOnly: boolean }): Promise<boolean> =>
      transactor.reference(async (tx) => {
        const rows = await tx.query(
          `update directory_state set lease_holder = $1, lease_until = $2
           where id = 1 and (lease_until is null or lease_until <= $3) and (next_refresh <= $3 or not $4) returning id`,
          [holder, new Date(until), new Date(at), dueOnly],
        )
        return rows.length > 0
      }),

    /** Puts a new copy in the place of the old one and gives the work back. @returns its version @throws `directory-lease-lost` */
    replace: (holder: string, { records, sha256, signer, signedAt }: NewCopy, { at, next }: RefreshTimes): Promise<number> =>
      transactor.reference(async (tx) => {
        const rows = await tx.query<{ version: number }>(
          `update directory_state set version = version + 1, sha256 = $2, signer = $3, signed_at = $4, fetched_at = $5,
             last_error = null, failed_at = null, next_refresh = $6, lease_until = null
           where id = 1 and lease_holder = $1 and lease_until is not null returning version`,
          [holder, sha256, signer, signedAt, new Date(at), new Date(next)],
        )
        lost(rows)
        for (const statement of CLEARED) await tx.query(statement)
        await tx.query(
          `insert into directory_provider (position, name, unit, mail_receipt, ldif_url, description)
           select ordinality - 1, name, unit, mail_receipt, ldif_url, description
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             with ordinality as r (name, unit, mail_receipt, ldif_url, description, ordinality)`,
          [
            records.map(({ name }) => name),
            records.map(({ unit }) => unit),
            records.map(({ mailReceipt }) => mailReceipt),
            records.map(({ ldifUrl }) => ldifUrl),
            records.map(({ description }) => description),
          ],
        )
        await tx.query(
          'insert into directory_certificate (provider, position, der) select * from unnest($1::integer[], $2::integer[], $3::bytea[])',
          columnsOf(records.map(({ certificates }) => certificates)),
        )
        await tx.query(
          'insert into directory_domain (provider, position, name) select * from unnest($1::integer[], $2::integer[], $3::text[])',
          columnsOf(records.map(({ domains }) => domains)),
        )
        return rows[0]?.version ?? 0
      }),

    /** The file is the one that is in use: only the time is noted. @throws `directory-lease-lost` */
    confirm: (holder: string, { at, next }: RefreshTimes): Promise<void> =>
      transactor.reference(async (tx) =>
        lost(
          await tx.query(
            `update directory_state set fetched_at = $2, last_error = null, failed_at = null, next_refresh = $3, lease_until = null
             where id = 1 and lease_holder = $1 and lease_until is not null returning id`,
            [holder, new Date(at), new Date(next)],
          ),
        ),
      ),

    /** Gives the work back; with what went wrong, if that shall be known. */
    giveBack: (holder: string, failure?: RefreshTimes & { error: string }): Promise<void> =>
      transactor.reference(async (tx) => {
        await tx.query('update directory_state set lease_until = null where id = 1 and lease_holder = $1', [holder])
        if (!failure) return
        await tx.query(
          'update directory_state set last_error = $2, failed_at = $3, next_refresh = $4 where id = 1 and lease_holder = $1',
          [holder, failure.error, new Date(failure.at), new Date(failure.next)],
        )
      }),
  }
}
