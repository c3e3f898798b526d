/**
 * The mailbox store on PostgreSQL, as `MailboxStore` promises it. Called by the protocols (IMAP; later POP3 and JMAP) and by the registry.
 * After each commit it gives a hint on the bus; who watches re-reads the change log (I8).
 */
import { clientError } from '../base/errors.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import { createAppender } from './append.ts'
import { createBulk } from './bulk.ts'
import { createContents } from './contents.ts'
import { canonicalName } from './folder-names.ts'
import { createFlagChanges } from './flag-changes.ts'
import { createFolders } from './folders.ts'
import { readMessages } from './messages.ts'
import { mailboxQueries, type FolderRow } from './queries.ts'
import { createSearches } from './search.ts'
import { createSnapshots } from './snapshots.ts'
import { numbersOf, unpackMessages } from './state-columns.ts'
import { translateErrors } from './store-errors.ts'
import type { Folder, FolderChanges, MailboxRef, MailboxStore } from './types.ts'

export interface MailboxStoreDeps {
  readonly database: Database
  readonly blobs: Blobs
  readonly bus: Bus
  readonly now: () => number
}

export function createMailboxStore({ database, blobs, bus, now }: MailboxStoreDeps): MailboxStore {
  const queries = mailboxQueries(database)
  const contents = createContents(queries, blobs)
  const append = createAppender({ database, blobs, now })
  const flagChanges = createFlagChanges({ queries, changing })
  const bulk = createBulk({ queries, changing, now })
  const folders = createFolders({ database, queries, bulk, now })
  const snapshots = createSnapshots({ queries, changes })

  async function folderRow(mailbox: MailboxRef, name: string): Promise<FolderRow> {
    const [row] = await queries.folder(mailbox, canonicalName(name))
    if (!row) throw clientError('no-such-folder', `There is no folder "${name}"`)
    return row
  }

  /** Runs a change, then tells those who watch the mailbox. */
  async function changing<T>(mailbox: MailboxRef, change: () => Promise<T>): Promise<T> {
    const result = await translateErrors(change)
    bus.publish(mailbox.id)
    return result
  }

  async function changes(mailbox: MailboxRef, folderId: string, since: number): Promise<FolderChanges> {
    const [row] = await queries.changes(mailbox, folderId, since)
    if (!row) throw clientError('folder-changed', 'The folder was removed')
    return { modseq: row.modseq, uidNext: row.uid_next, changed: unpackMessages(row), vanished: numbersOf(row.vanished) }
  }

  return {
    ...createSearches(database, contents),

    folders: async (mailbox) => (await queries.folders(mailbox)).map(toFolder),

    async folder(mailbox, name) {
      const [row] = await queries.folder(mailbox, canonicalName(name))
      return row && toFolder(row)
    },

    createFolder: async (mailbox, name, specialUse) =>
      toFolder(await changing(mailbox, () => folders.create(mailbox, name, specialUse))),
    deleteFolder: (mailbox, name) => changing(mailbox, () => folders.remove(mailbox, name)),
    renameFolder: (mailbox, from, to) => changing(mailbox, () => folders.rename(mailbox, from, to)),
    subscribe: (mailbox, name, subscribed) => changing(mailbox, () => folders.subscribe(mailbox, name, subscribed)),
    orphanSubscriptions: async (mailbox) => (await queries.orphanSubscriptions(mailbox)).map(({ name }) => name),

    async enter(mailbox, name, takeRecent) {
      const canonical = canonicalName(name)
      let row: FolderRow & { recent?: number } = await folderRow(mailbox, canonical)
      let firstRecentUid = row.recent_uid
      // Counting needs the table of messages, which makes the first statement of a connection four times as slow.
      if (row.recent_uid < row.uid_next) {
        const [taken] = takeRecent ? await queries.takeRecent(mailbox, canonical) : []
        const [counted] = await queries.enter(mailbox, canonical, taken?.recent_uid ?? null)
        if (!counted) throw clientError('no-such-folder', `There is no folder "${canonical}"`)
        row = counted
        firstRecentUid = taken?.recent_uid ?? counted.recent_uid
      }
      snapshots.compare(row)
      return { folder: toFolder(row), firstRecentUid, recent: row.recent ?? 0 }
    },

    states: (mailbox, folderId, from) => snapshots.from(mailbox, folderId, from),

    changes,

    async vanished(mailbox, folderId, since) {
      const [row] = await queries.vanished(mailbox, folderId, since)
      if (!row) throw clientError('folder-changed', 'The folder was removed')
      return { uids: numbersOf(row.uids), complete: since >= row.forgotten_modseq }
    },

    messages: ({ slot }, folderId, uids, structure = true) =>
      readMessages((some) => queries.messages(slot, folderId, some, structure), uids),

    async keepShown({ slot }, contents) {
      const shown = contents.map((content) => content.shown ?? '')
      await queries.keepShown(
        slot,
        contents.map(({ id }) => id),
        shown,
      )
    },

    read: ({ slot }, contentId, from, to) => contents.read(slot, contentId, from, to),

    async append(mailbox, folderName, requests) {
      const rows = await changing(mailbox, () => append(mailbox, canonicalName(folderName), requests))
      return { uidValidity: rows[0]?.uid_validity ?? 0, uids: rows.map(({ uid }) => uid) }
    },

    storeFlags: flagChanges.store,
    storeFlagsAt: flagChanges.storeAt,
    storeFlagsIf: flagChanges.storeIf,
    copy: async (mailbox, folderId, uids, to) => bulk.copy(mailbox, folderId, uids, (await folderRow(mailbox, to)).id),
    move: async (mailbox, folderId, uids, to) => bulk.move(mailbox, folderId, uids, (await folderRow(mailbox, to)).id),
    expunge: bulk.expunge,

    async folderSizes(mailbox, folderIds) {
      const rows = await queries.sizes(mailbox, folderIds)
      return new Map(rows.map((row) => [row.folder, { size: row.size, deleted: row.deleted, deletedSize: row.deleted_size }]))
    },

    recentCounts: async (mailbox, folderIds) =>
      new Map((await queries.recent(mailbox, folderIds)).map(({ folder, recent }) => [folder, recent])),

    async usage(mailbox) {
      const [row] = await queries.usage(mailbox)
      if (!row) throw clientError('no-such-mailbox', 'The mailbox does not exist')
      return row
    },

    watch: (mailbox, listener) => bus.subscribe(mailbox.id, listener),
  }
}

function toFolder(row: FolderRow): Folder {
  return {
    id: row.id,
    name: row.name,
    specialUse: row.special_use,
    uidValidity: row.uid_validity,
    uidNext: row.uid_next,
    modseq: row.modseq,
    total: row.total,
    unseen: row.unseen,
    subscribed: row.subscribed,
  }
}
