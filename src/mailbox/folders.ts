/** Making, renaming and removing folders. */
import { clientError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'
import { insertFolders, isUseTaken, removeFolder, renameFolders, setSubscribed } from './folder-queries.ts'
import { canonicalName, checkedName, parentsOf } from './folder-names.ts'
import type { Bulk } from './bulk.ts'
import type { FolderRow, MailboxQueries } from './queries.ts'
import { numbersOf } from './state-columns.ts'
import type { MailboxRef, SpecialUse } from './types.ts'

export interface FoldersDeps {
  readonly database: Database
  readonly queries: Pick<MailboxQueries, 'folder' | 'folders' | 'states'>
  readonly bulk: Pick<Bulk, 'clear' | 'move'>
  readonly now: () => number
}

/** The folder commands; each answers once committed, with the errors of `MailboxStore`. */
export function createFolders({ database: { transactor }, queries, bulk, now }: FoldersDeps) {
  async function existing(mailbox: MailboxRef, name: string): Promise<FolderRow> {
    const [row] = await queries.folder(mailbox, canonicalName(name))
    if (!row) throw clientError('no-such-folder', `There is no folder "${name}"`)
    return row
  }

  /** Makes the folder and the levels above it (RFC 3501 6.3.3), with a use that no other has (RFC 6154 3). */
  async function create(mailbox: MailboxRef, wanted: string, specialUse: SpecialUse | null = null): Promise<FolderRow> {
    const name = checkedName(wanted)
    const above = parentsOf(name).map((parent) => ({ name: parent, specialUse: null }))
    const made = await transactor.transact(mailbox.slot, async (tx) => {
      if (above.length > 0) await insertFolders(tx, mailbox, above, now())
      const inserted = await insertFolders(tx, mailbox, [{ name, specialUse }], now())
      if (inserted > 0 && specialUse && (await isUseTaken(tx, mailbox, specialUse, name)))
        throw clientError('special-use-taken', `Another folder is ${specialUse}`)
      return inserted
    })
    if (made === 0) throw clientError('folder-exists', `There is a folder "${name}" already`)
    return existing(mailbox, name)
  }

  async function remove(mailbox: MailboxRef, name: string): Promise<void> {
    if (canonicalName(name) === 'INBOX') throw clientError('folder-not-removable', 'The inbox cannot be removed')
    const { id } = await existing(mailbox, name)
    // Most of it in steps that let others in; what has come meanwhile goes with the folder.
    await bulk.clear(mailbox, id)
    await transactor.transact(mailbox.slot, (tx) => removeFolder(tx, mailbox, id, now()))
  }

  async function rename(mailbox: MailboxRef, from: string, to: string): Promise<void> {
    const source = await existing(mailbox, from)
    const name = checkedName(to)
    if (source.name !== 'INBOX' && name.startsWith(`${source.name}/`)) {
      throw clientError('bad-folder-name', 'A folder cannot be moved into itself')
    }
    const all = new Set((await queries.folders(mailbox)).map((folder) => folder.name))
    if (all.has(name)) throw clientError('folder-exists', `There is a folder "${name}" already`)
    if (source.name === 'INBOX') return moveInbox(mailbox, source, name)
    const children = [...all].filter((folder) => folder.startsWith(`${source.name}/`))
    for (const child of children.map((folder) => checkedName(name + folder.slice(source.name.length)))) {
      if (all.has(child)) throw clientError('folder-exists', `There is a folder "${child}" already`)
    }
    const above = parentsOf(name).filter((parent) => !all.has(parent))
    await transactor.transact(mailbox.slot, async (tx) => {
      const parents = above.map((parent) => ({ name: parent, specialUse: null }))
      if (parents.length > 0) await insertFolders(tx, mailbox, parents, now())
      await renameFolders(tx, mailbox, source.name, name, now())
    })
  }

  /** Renaming the inbox makes a folder of its messages and leaves it empty (RFC 3501 6.3.5). */
  async function moveInbox(mailbox: MailboxRef, inbox: FolderRow, name: string): Promise<void> {
    const target = await create(mailbox, name)
    const [states] = await queries.states(mailbox, inbox.id)
    if (states) await bulk.move(mailbox, inbox.id, numbersOf(states.uids), target.id)
  }

  async function subscribe(mailbox: MailboxRef, name: string, subscribed: boolean): Promise<void> {
    const known = await transactor.transact(mailbox.slot, (tx) => setSubscribed(tx, mailbox, canonicalName(name), subscribed))
    // Unsubscribing what is gone is what clients do after removing a folder.
    if (!known && subscribed) throw clientError('no-such-folder', `There is no folder "${name}"`)
  }

  return { create, remove, rename, subscribe }
}
