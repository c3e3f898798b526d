/** The accept transaction (migration 0007) and the refuse transaction (migration 0012). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { LEASE_MS } from '../transport/lease.ts'

export type AcceptStatus = 'accepted' | 'full'
type RefuseStatus = 'refused' | 'full'

export function accessQueries({ transactor }: Pick<Database, 'transactor'>) {
  return {
    /** Commits accepted submissions of one mailbox; answers a status per item, in their order. The dispatches are leased to this process. */
    async accept({ slot, id }: MailboxRef, items: object[], bytes: Buffer, now: number): Promise<AcceptStatus[]> {
      const rows = await transactor.call<{ item: number; status: AcceptStatus }>(
        slot,
        'select * from access_accept($1, $2, $3, $4, $5)',
        [slot, id, JSON.stringify(items), bytes, new Date(now + LEASE_MS)],
      )
      return rows.sort((a, b) => a.item - b.item).map((row) => row.status)
    },

    /** Commits the notice of a submission that is not accepted. */
    async refuse({ slot, id }: MailboxRef, item: object, bytes: Buffer): Promise<RefuseStatus> {
      const [row] = await transactor.call<{ status: RefuseStatus }>(slot, 'select access_refuse($1, $2, $3, $4) as status', [
        slot,
        id,
        JSON.stringify(item),
        bytes,
      ])
      return row?.status ?? 'full'
    },
  }
}
