/** The accept transaction (migration 0007). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { LEASE_MS } from '../transport/lease.ts'

export function acceptQueries({ transactor }: Database) {
  return {
    /** Commits accepted submissions of one mailbox; answers a status per item, in their order. The dispatches are leased to this process. */
    async accept({ slot, id }: MailboxRef, items: object[], bytes: Buffer, now: number): Promise<('accepted' | 'full')[]> {
      const rows = await transactor.call<{ item: number; status: 'accepted' | 'full' }>(
        slot,
        'select * from access_accept($1, $2, $3, $4, $5)',
        [slot, id, JSON.stringify(items), bytes, new Date(now + LEASE_MS)],
      )
      return rows.sort((a, b) => a.item - b.item).map((row) => row.status)
    },
  }
}
