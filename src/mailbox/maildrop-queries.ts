/** SQL of maildrops (migration 0015), and of the messages as POP3 sees them. */
import type { Database } from '../storage/database.ts'
import type { MailboxRef } from './types.ts'

export interface MaildropRow {
  uid: number
  size: number
  content: string
}

/** The statements, bound to a database. */
export function maildropQueries({ reader, transactor }: Database) {
  return {
    messages: (slot: number, folder: string) =>
      reader.read<MaildropRow>('select uid, size, content from message where slot = $1 and folder = $2 order by uid', [
        slot,
        folder,
      ]),

    acquire: ({ slot, id }: MailboxRef, holder: string, until: Date, at: Date) =>
      transactor.call<{ acquired: boolean }>(slot, 'select maildrop_acquire($1, $2, $3, $4, $5) as acquired', [
        slot,
        id,
        holder,
        until,
        at,
      ]),

    renew: ({ slot, id }: MailboxRef, holder: string, until: Date) =>
      transactor.call(
        slot,
        'update maildrop_lock set lease_until = $4 where slot = $1 and mailbox = $2 and holder = $3 returning slot',
        [slot, id, holder, until],
      ),

    release: ({ slot, id }: MailboxRef, holder: string) =>
      transactor.call(slot, 'update maildrop_lock set holder = null where slot = $1 and mailbox = $2 and holder = $3', [
        slot,
        id,
        holder,
      ]),

    heldSlots: () => reader.read<{ slot: number }>('select distinct slot from maildrop_lock where holder is not null'),

    free: (slot: number) => transactor.call(slot, 'update maildrop_lock set holder = null where slot = $1', [slot]),

    remove: ({ slot, id }: MailboxRef, holder: string, folder: string, uids: readonly number[], at: Date) =>
      transactor.call<{ removed: boolean }>(slot, 'select maildrop_remove($1, $2, $3, $4, $5, $6) as removed', [
        slot,
        id,
        holder,
        folder,
        uids,
        at,
      ]),
  }
}
