/**
 * The inbox as a maildrop (RFC 1939): the messages that it had when a session began, their bytes (I5), and their removal at its end, by who
 * holds the lock alone. Called by POP3.
 */
import { CeralaccaError, temporaryError } from '../base/errors.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import { createContents } from './contents.ts'
import type { Lease } from './maildrop-lock.ts'
import { maildropQueries } from './maildrop-queries.ts'
import { mailboxQueries } from './queries.ts'
import { translateErrors } from './store-errors.ts'
import type { MailboxRef } from './types.ts'

export interface MaildropMessage {
  readonly uid: number
  /** exact, in bytes */
  readonly size: number
  /** content id: the bytes can be read by it for a day after the message was expunged */
  readonly content: string
}

export interface MaildropSnapshot {
  /** id of the inbox */
  readonly folder: string
  /** with a UID it names a message for ever */
  readonly uidValidity: number
  /** by UID */
  readonly messages: readonly MaildropMessage[]
}

export interface MaildropStore {
  open(mailbox: MailboxRef): Promise<MaildropSnapshot>
  /** Bytes [from, to) of a content, in pieces of at most 1 MiB. @throws `content-missing`, `blob-missing` */
  read(mailbox: MailboxRef, content: string, from: number, to: number): AsyncIterable<Buffer>
  /**
   * Removes messages of the inbox, all or none; those that are gone already are no error.
   * @throws `lease-lost` if another session has taken the maildrop over
   */
  remove(lease: Lease, folder: string, uids: readonly number[]): Promise<void>
}

export interface MaildropDeps {
  readonly database: Database
  readonly blobs: Blobs
  readonly bus: Bus
  readonly now: () => number
}

export function createMaildropStore({ database, blobs, bus, now }: MaildropDeps): MaildropStore {
  const mailboxes = mailboxQueries(database)
  const queries = maildropQueries(database)
  const contents = createContents(mailboxes, blobs)

  return {
    async open(mailbox) {
      const [inbox] = await mailboxes.folder(mailbox, 'INBOX')
      if (!inbox) throw new CeralaccaError('no-inbox', 'bug', `mailbox ${mailbox.id} has no inbox`)
      return { folder: inbox.id, uidValidity: inbox.uid_validity, messages: await queries.messages(mailbox.slot, inbox.id) }
    },

    read: ({ slot }, content, from, to) => contents.read(slot, content, from, to),

    async remove({ mailbox, holder }, folder, uids) {
      const [row] = await translateErrors(() => queries.remove(mailbox, holder, folder, uids, new Date(now())))
      if (row?.removed !== true) throw temporaryError('lease-lost', 'Another session has taken the maildrop over')
      bus.publish(mailbox.id)
    },
  }
}
