/** SQL of the seal's identities (table `seal_identity`). */
import { clientError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'

/** Where the key of an identity is; `settings`: the one that the settings name, or named once. */
export type IdentityStore = 'file' | 'token' | 'settings'

export interface StoredIdentity {
  readonly name: string
  readonly store: IdentityStore
  /** DER */
  readonly certificate: Buffer
  readonly chain: readonly Buffer[]
  readonly sealsFrom: Date
  readonly addedAt: Date
}

export function identityQueries({ reader, transactor }: Database) {
  return {
    all: (): Promise<StoredIdentity[]> =>
      reader.read<StoredIdentity>(
        `select name, store, certificate, chain, seals_from as "sealsFrom", added_at as "addedAt"
         from seal_identity order by seals_from, name`,
      ),

    /** Adds identities, all or none; one that is there with the same certificate stays as it is. @throws client error `identity-exists` */
    add: (identities: readonly StoredIdentity[]): Promise<void> =>
      transactor.reference(async (tx) => {
        for (const { name, store, certificate, chain, sealsFrom, addedAt } of identities) {
          const rows = await tx.query<{ same: boolean }>(
            `insert into seal_identity as i (name, store, certificate, chain, seals_from, added_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (name) do update set name = excluded.name
             returning i.certificate = $3 and i.store = $2 as same`,
            [name, store, certificate, chain, sealsFrom, addedAt],
          )
          if (rows[0]?.same !== true)
            throw clientError('identity-exists', `there is an identity "${name}" with another certificate`)
        }
      }),
  }
}

export type IdentityQueries = ReturnType<typeof identityQueries>
