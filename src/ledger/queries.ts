/** Reads of the ledger; it is written only by `ledger_append` (migration 0003). */
import type { Reader } from '../storage/database.ts'
import type { LedgerEvent, NumberedEntry } from './entry.ts'

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

/** The events of a message in the order in which they come, as far as there is one. */
export const EVENT_ORDER: readonly LedgerEvent[] = [
  'accepted',
  'refused',
  'relayed',
  'arrived',
  'taken-in-charge',
  'virus-found',
  'delivered',
  'delivery-failed',
  'timeout-notice',
  'receipt-received',
]

/** All entries of one message, by time; what one second holds, in the order of a message's way. */
export async function entriesOf(reader: Reader, pecMsgid: string): Promise<NumberedEntry[]> {
  const rows = await reader.read<EntryRow>('select * from ledger_history($1) order by at, array_position($2, event), slot, seq', [
    pecMsgid,
    EVENT_ORDER,
  ])
  return rows.map(({ at, pec_msgid, ...row }) => ({ ...row, at: at.getTime(), pecMsgid: pec_msgid }))
}
