/** Reads of the ledger; it is written only by `ledger_append` (migration 0003). */
import type { Reader } from '../storage/database.ts'
import type { LedgerEntry, LedgerEvent } from './entry.ts'

interface EntryRow {
  slot: number
  seq: number
  at: Date
  event: LedgerEvent
  pec_msgid: string
  msgid: string | null
  sender: string
  recipients: string[]
  subject: string
  related: string[]
  provider: string
  detail: string | null
}

export interface NumberedEntry extends LedgerEntry {
  readonly slot: number
  readonly seq: number
}

/** All entries of one message, by time; what one second holds, in the order of a message's way. */
export async function entriesOf(reader: Reader, pecMsgid: string): Promise<NumberedEntry[]> {
  const rows = await reader.read<EntryRow>(
    `select * from ledger_entry where pec_msgid = $1
     order by at, array_position(array['accepted', 'delivered', 'delivery-failed', 'receipt-received'], event), slot, seq`,
    [pecMsgid],
  )
  return rows.map(({ at, pec_msgid, ...row }) => ({ ...row, at: at.getTime(), pecMsgid: pec_msgid }))
}
