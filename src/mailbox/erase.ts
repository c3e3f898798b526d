/** Deletes all messages of a mailbox, for ever: for mailboxes whose time is over. Their contents and blobs go by housekeeping, later. */
import type { Database } from '../storage/database.ts'
import { createBulk } from './bulk.ts'
import { mailboxQueries } from './queries.ts'
import type { MailboxRef } from './types.ts'

/** Answers a function that removes, step by step, what is in all folders; what is cut short is continued by doing it again. */
export function createEraser(database: Database, now: () => number): (mailbox: MailboxRef) => Promise<void> {
  const queries = mailboxQueries(database)
  // Nobody watches a mailbox that nobody can open.
  const bulk = createBulk({ queries, changing: (_, step) => step(), now })
  return async (mailbox) => {
    for (const { id } of await queries.folders(mailbox)) await bulk.clear(mailbox, id)
  }
}
