/** SQL of logins: what a login is judged by, the networks of holders, the secrets of the installation (migrations 0004, 0016). */
import { CeralaccaError } from '../base/errors.ts'
import { slotOf } from '../base/ids.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database, Transaction } from '../storage/database.ts'
import type { MailboxStatus } from './status.ts'

/** What is stored of a password. */
export interface StoredPassword {
  /** argon2id */
  readonly hash: string
  /** SCRAM keys, or null */
  readonly scram: string | null
}

export interface Credential {
  /** null: the mailbox has no password */
  readonly hash: string | null
  readonly scram: string | null
  readonly status: MailboxStatus
  readonly secondFactor: boolean
}

export function loginQueries({ reader, transactor }: Database) {
  return {
    /** What a login is judged by; undefined if there is no such mailbox. */
    async credential({ slot, id }: MailboxRef): Promise<Credential | undefined> {
      const [row] = await reader.read<Credential>(
        `select c.hash, c.scram, coalesce(p.status, 'active') as status, coalesce(p.second_factor, false) as "secondFactor"
         from mailbox m
         left join credential c on c.slot = m.slot and c.mailbox = m.id and c.kind = 'password'
         left join mailbox_profile p on p.slot = m.slot and p.mailbox = m.id
         where m.slot = $1 and m.id = $2`,
        [slot, id],
      )
      return row
    },

    async setPassword(tx: Transaction, { slot, id }: MailboxRef, { hash, scram }: StoredPassword, at: Date): Promise<void> {
      await tx.query(
        `insert into credential (slot, mailbox, kind, hash, scram, updated_at) values ($1, $2, 'password', $3, $4, $5)
         on conflict (slot, mailbox, kind) do update
         set hash = excluded.hash, scram = excluded.scram, updated_at = excluded.updated_at`,
        [slot, id, hash, scram, at],
      )
    },

    /** Adds keys to a password that has none; nothing happens if it is not the one of this hash any more. */
    async addScram({ slot, id }: MailboxRef, hash: string, scram: string): Promise<void> {
      await transactor.call(
        slot,
        `update credential set scram = $4 where slot = $1 and mailbox = $2 and kind = 'password' and hash = $3 and scram is null`,
        [slot, id, hash, scram],
      )
    },

    async isKnownNetwork({ slot, id }: MailboxRef, network: string, since: Date): Promise<boolean> {
      const rows = await reader.read(
        'select 1 from login_network where slot = $1 and mailbox = $2 and network = $3 and last_at >= $4',
        [slot, id, network, since],
      )
      return rows.length > 0
    },

    /** Notes a network, and forgets those of before `since`. */
    async noteNetwork({ slot, id }: MailboxRef, network: string, at: Date, since: Date): Promise<void> {
      await transactor.transact(slot, async (tx) => {
        await tx.query(
          `insert into login_network (slot, mailbox, network, last_at) values ($1, $2, $3, $4)
           on conflict (slot, mailbox, network) do update set last_at = greatest(login_network.last_at, excluded.last_at)`,
          [slot, id, network, at],
        )
        await tx.query('delete from login_network where slot = $1 and mailbox = $2 and last_at < $3', [slot, id, since])
      })
    },

    /** The secret of this name; `proposed` becomes it if there is none. Of several processes that propose one, the first decides. */
    async secret(name: string, proposed: Buffer, at: Date): Promise<Buffer> {
      const slot = slotOf(name)
      const select = 'select value from installation_secret where slot = $1 and name = $2'
      const [kept] = await reader.read<{ value: Buffer }>(select, [slot, name])
      if (kept) return kept.value
      await transactor.call(
        slot,
        `insert into installation_secret (slot, name, value, created_at) values ($1, $2, $3, $4)
         on conflict (slot, name) do nothing`,
        [slot, name, proposed, at],
      )
      // A reader may be behind.
      const [decided] = await transactor.call<{ value: Buffer }>(slot, select, [slot, name])
      if (!decided) throw new CeralaccaError('secret-missing', 'bug', `the secret ${name} was not kept`)
      return decided.value
    },
  }
}
