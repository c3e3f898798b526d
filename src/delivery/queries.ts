/** Calls of the delivery functions (migrations 0006 and 0013). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import type { ReturnStatus } from '../transport/types.ts'

export type DeliveryStatus = 'delivered' | 'repeated' | 'full'

export function deliveryQueries(database: Database) {
  const { reader, transactor } = database

  /** Calls a function of a mailbox that answers a status per item; answers them in the items' order. */
  async function statuses<Status>({ slot, id }: MailboxRef, sql: string, items: object[], rest: unknown[]): Promise<Status[]> {
    const rows = await transactor.call<{ item: number; status: Status }>(slot, sql, [slot, id, JSON.stringify(items), ...rest])
    return rows.sort((a, b) => a.item - b.item).map((row) => row.status)
  }

  return {
    /** Delivers to one mailbox. */
    deliver: (mailbox: MailboxRef, items: object[], bytes: Buffer, lease: Date) =>
      statuses<DeliveryStatus>(mailbox, 'select * from delivery_deliver($1, $2, $3, $4, $5)', items, [bytes, lease]),

    async fail(slot: number, item: object, bytes: Buffer, lease: Date): Promise<'failed' | 'repeated'> {
      const rows = await transactor.call<{ status: 'failed' | 'repeated' }>(
        slot,
        'select delivery_fail($1, $2, $3, $4) as status',
        [slot, JSON.stringify(item), bytes, lease],
      )
      return rows[0]?.status ?? 'repeated'
    },

    /** Puts receipts into one mailbox. */
    receive: (mailbox: MailboxRef, items: object[], bytes: Buffer) =>
      statuses<ReturnStatus>(mailbox, 'select * from delivery_receive_receipts($1, $2, $3, $4)', items, [bytes]),

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
