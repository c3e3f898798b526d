/** SQL of addresses and mailboxes (migration 0004), and of all that logins need. */
import { slotOf } from '../base/ids.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { appPasswordQueries } from './app-password-queries.ts'
import { loginQueries } from './login-queries.ts'
import { PROFILE_COLUMNS, type MailboxProfile } from './profile-queries.ts'

export interface MailboxSummary extends MailboxProfile {
  readonly address: string
  readonly used: number
  readonly quota: number
  readonly reserve: number
  readonly createdAt: Date
  /** the highest mark of its quota that is noted, in per cent (src/mailbox/quota-warnings.ts) */
  readonly warning: { readonly mark: number; readonly at: Date } | null
}

interface SummaryRow extends Omit<MailboxSummary, 'warning'> {
  readonly mark: number | null
  readonly warnedAt: Date | null
}

const SUMMARY = `select m.address, m.used, m.quota, m.reserve, m.created_at as "createdAt", w.mark, w.at as "warnedAt", ${PROFILE_COLUMNS}
  from mailbox m left join mailbox_profile p on p.slot = m.slot and p.mailbox = m.id
  left join lateral (
    select mark, at from quota_warning where slot = m.slot and mailbox = m.id order by mark desc limit 1) w on true`

const toSummary = ({ mark, warnedAt, ...row }: SummaryRow): MailboxSummary => ({
  ...row,
  warning: mark === null || warnedAt === null ? null : { mark, at: warnedAt },
})

export function registryQueries(database: Database) {
  const { reader, transactor } = database
  return {
    /** The mailbox of an address, by the hash of the address. */
    async find(address: string): Promise<MailboxRef | undefined> {
      const [row] = await reader.read<{ mailbox_slot: number; mailbox: string }>(
        'select mailbox_slot, mailbox from address where slot = $1 and address = $2',
        [slotOf(address), address],
      )
      return row && { slot: row.mailbox_slot, id: row.mailbox }
    },

    /** Claims an address for a mailbox, for ever; answers whose it is. */
    async claim(address: string, mailbox: MailboxRef, at: Date): Promise<void> {
      const slot = slotOf(address)
      await transactor.call(
        slot,
        `insert into address (slot, address, mailbox_slot, mailbox, created_at) values ($1, $2, $3, $4, $5)
         on conflict (slot, address) do nothing`,
        [slot, address, mailbox.slot, mailbox.id, at],
      )
    },

    async summary({ slot, id }: MailboxRef): Promise<MailboxSummary | undefined> {
      const [row] = await reader.read<SummaryRow>(`${SUMMARY} where m.slot = $1 and m.id = $2`, [slot, id])
      return row && toSummary(row)
    },

    async list(domain: string | undefined): Promise<MailboxSummary[]> {
      const rows = await reader.read<SummaryRow>(
        `${SUMMARY} where $1::text is null or split_part(m.address, '@', 2) = $1 order by m.address`,
        [domain ?? null],
      )
      return rows.map(toSummary)
    },

    /** Sizes in bytes. */
    async setQuota({ slot, id }: MailboxRef, quota: number, reserve: number): Promise<void> {
      await transactor.call(slot, 'update mailbox set quota = $3, reserve = $4 where slot = $1 and id = $2', [
        slot,
        id,
        quota,
        reserve,
      ])
    },

    ...loginQueries(database),
    ...appPasswordQueries(database),
  }
}

export type RegistryQueries = ReturnType<typeof registryQueries>
