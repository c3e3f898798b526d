/** SQL of addresses and credentials (migration 0004). */
import { slotOf } from '../base/ids.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database, Transaction } from '../storage/database.ts'

export interface MailboxSummary {
  readonly address: string
  readonly used: number
  readonly quota: number
  readonly reserve: number
  readonly createdAt: Date
}

interface SummaryRow {
  address: string
  used: number
  quota: number
  reserve: number
  created_at: Date
}

const SUMMARY = 'select address, used, quota, reserve, created_at from mailbox'
const toSummary = ({ created_at, ...row }: SummaryRow): MailboxSummary => ({ ...row, createdAt: created_at })

export function registryQueries({ reader, transactor }: Database) {
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
      const [row] = await reader.read<SummaryRow>(`${SUMMARY} where slot = $1 and id = $2`, [slot, id])
      return row && toSummary(row)
    },

    async list(domain: string | undefined): Promise<MailboxSummary[]> {
      const rows = await reader.read<SummaryRow>(
        `${SUMMARY} where $1::text is null or split_part(address, '@', 2) = $1 order by address`,
        [domain ?? null],
      )
      return rows.map(toSummary)
    },

    async passwordHash({ slot, id }: MailboxRef): Promise<string | undefined> {
      const [row] = await reader.read<{ hash: string }>(
        "select hash from credential where slot = $1 and mailbox = $2 and kind = 'password'",
        [slot, id],
      )
      return row?.hash
    },

    async setPasswordHash(tx: Transaction, { slot, id }: MailboxRef, hash: string, at: Date): Promise<void> {
      await tx.query(
        `insert into credential (slot, mailbox, kind, hash, updated_at) values ($1, $2, 'password', $3, $4)
         on conflict (slot, mailbox, kind) do update set hash = excluded.hash, updated_at = excluded.updated_at`,
        [slot, id, hash, at],
      )
    },
  }
}

export type RegistryQueries = ReturnType<typeof registryQueries>
