/** SQL of app passwords (migration 0016). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database, Transaction } from '../storage/database.ts'
import type { Protocol } from './protocols.ts'

export interface AppPassword {
  readonly name: string
  readonly protocols: readonly Protocol[]
  readonly createdAt: Date
  /** to the hour; null: never */
  readonly lastUsedAt: Date | null
}

export interface StoredAppPassword extends AppPassword {
  readonly id: string
  readonly hash: string
  /** SCRAM keys, or null */
  readonly scram: string | null
}

const COLUMNS = 'id, name, protocols, hash, scram, created_at as "createdAt", last_used_at as "lastUsedAt"'

export function appPasswordQueries({ reader, transactor }: Database) {
  return {
    /** All of a mailbox, oldest first. */
    async appPasswords({ slot, id }: MailboxRef): Promise<StoredAppPassword[]> {
      return reader.read<StoredAppPassword>(
        `select ${COLUMNS} from app_password where slot = $1 and mailbox = $2 order by created_at, id`,
        [slot, id],
      )
    },

    async appPasswordExists({ slot, id }: MailboxRef, appPassword: string): Promise<boolean> {
      const rows = await reader.read('select 1 from app_password where slot = $1 and mailbox = $2 and id = $3', [
        slot,
        id,
        appPassword,
      ])
      return rows.length > 0
    },

    /** How many the mailbox has; nobody else makes one until the transaction ends. */
    async countAppPasswords(tx: Transaction, { slot, id }: MailboxRef): Promise<number> {
      await tx.query('select 1 from mailbox where slot = $1 and id = $2 for update', [slot, id])
      const rows = await tx.query('select 1 from app_password where slot = $1 and mailbox = $2', [slot, id])
      return rows.length
    },

    /** False if the mailbox has one of that name. */
    async insertAppPassword(tx: Transaction, { slot, id }: MailboxRef, made: StoredAppPassword): Promise<boolean> {
      const rows = await tx.query(
        `insert into app_password (slot, mailbox, id, name, protocols, hash, scram, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (slot, mailbox, name) do nothing returning id`,
        [slot, id, made.id, made.name, made.protocols, made.hash, made.scram, made.createdAt, made.lastUsedAt],
      )
      return rows.length > 0
    },

    /** Deletes the one of this name, or all; answers their names. */
    async deleteAppPasswords({ slot, id }: MailboxRef, name: string | null): Promise<string[]> {
      const rows = await transactor.call<{ name: string }>(
        slot,
        `delete from app_password where slot = $1 and mailbox = $2 and ($3::text is null or name = $3) returning name`,
        [slot, id, name],
      )
      return rows.map((row) => row.name)
    },

    /** Writes when it was used, unless that is written already for some time after `unlessSince`. */
    async noteUse({ slot, id }: MailboxRef, appPassword: string, at: Date, unlessSince: Date): Promise<void> {
      await transactor.call(
        slot,
        `update app_password set last_used_at = $4
         where slot = $1 and mailbox = $2 and id = $3 and (last_used_at is null or last_used_at <= $5)`,
        [slot, id, appPassword, at, unlessSince],
      )
    },
  }
}
