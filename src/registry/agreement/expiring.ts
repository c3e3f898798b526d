/** Mailboxes whose contract ends in a number of days. */
import type { MailboxRef } from '../../mailbox/types.ts'
import type { Reader } from '../../storage/database.ts'
import { addDays, dayOf } from './days.ts'

export interface ExpiringMailbox extends MailboxRef {
  /** the last day of the service */
  readonly expiresOn: string
  readonly days: number
}

/** Those that still serve, and end in one of so many days from `now` (milliseconds since 1970). */
export async function expiringMailboxes(reader: Reader, days: readonly number[], now: number): Promise<ExpiringMailbox[]> {
  const today = dayOf(now)
  const byDay = new Map(days.map((many) => [addDays(today, many), many]))
  const rows = await reader.read<Omit<ExpiringMailbox, 'days'>>(
    `select mailbox_slot as slot, mailbox as id, expires_on as "expiresOn" from contract
     where state in ('active', 'expiring') and expires_on = any ($1::date[])`,
    [[...byDay.keys()]],
  )
  return rows.map((row) => ({ ...row, days: byDay.get(row.expiresOn) ?? 0 }))
}
