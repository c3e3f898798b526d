/** Calls of the delivery functions (migrations 0005 and 0006). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'

export type DeliveryStatus = 'delivered' | 'repeated' | 'full'

export function deliveryQueries(database: Database) {
  const { reader, transactor } = database
  return {
    /** Delivers to one mailbox; answers a status per item, in their order. */
    async deliver({ slot, id }: MailboxRef, items: object[], bytes: Buffer, lease: Date): Promise<DeliveryStatus[]> {
      const rows = await transactor.call<{ item: number; status: DeliveryStatus }>(
        slot,
        'select * from delivery_deliver($1, $2, $3, $4, $5)',
        [slot, id, JSON.stringify(items), bytes, lease],
      )
      return rows.sort((a, b) => a.item - b.item).map((row) => row.status)
    },

    async fail(slot: number, item: object, bytes: Buffer, lease: Date): Promise<'failed' | 'repeated'> {
      const rows = await transactor.call<{ status: 'failed' | 'repeated' }>(
        slot,
        'select delivery_fail($1, $2, $3, $4) as status',
        [slot, JSON.stringify(item), bytes, lease],
      )
      return rows[0]?.status ?? 'repeated'
    },

    async receive({ slot, id }: MailboxRef, items: object[], bytes: Buffer): Promise<void> {
      await transactor.call(slot, 'select * from delivery_receive_receipts($1, $2, $3, $4)', [
        slot,
        id,
        JSON.stringify(items),
        bytes,
      ])
    },

    async hasVerdict(slot: number, pecMsgid: string, recipient: string): Promise<boolean> {
      const rows = await reader.read('select 1 from delivery where slot = $1 and pec_msgid = $2 and recipient = $3', [
        slot,
        pecMsgid,
        recipient,
      ])
      return rows.length > 0
    },
  }
}
