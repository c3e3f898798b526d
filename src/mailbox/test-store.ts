/** For tests: the mailbox store on a real database, and mailboxes. At the end nothing may be wrong in what was stored (I5, I8). */
import assert from 'node:assert/strict'
import { slotOf, uuidv7 } from '../base/ids.ts'
import { instantOf } from '../base/instant.ts'
import { encodeParsed, parseStructure } from '../mime/structure.ts'
import { createBus } from '../storage/bus.ts'
import { BLOB_CHECKS, findViolations } from '../storage/consistency.ts'
import { openDatabase } from '../storage/database.ts'
import { lastFirst, withTestDatabase, type TestDatabase, type TestScope } from '../storage/test-database.ts'
import { BytesPack, arrivalItem, type BlobSlice, type MessageContent } from './content.ts'
import { MAILBOX_CHECKS } from './consistency.ts'
import { STANDARD_FOLDERS } from './folder-names.ts'
import { insertFolders, insertMailbox } from './folder-queries.ts'
import { statesOf } from './state-columns.ts'
import { createMailboxStore } from './store.ts'
import type { AppendRequest, Folder, MailboxRef, MailboxStore, MessageState } from './types.ts'

export interface TestStore extends TestDatabase {
  readonly store: MailboxStore
  /** The store as another process has it: on connections of its own. */
  another(): MailboxStore
  /** `beside`: in the slot of another mailbox. */
  mailbox(options?: { quota?: number; beside?: MailboxRef }): Promise<MailboxRef>
  /** Puts certified messages into an inbox, as the points do; answers their UIDs, null for what does not fit. */
  arrive(mailbox: MailboxRef, contents: readonly MessageContent[], receipt?: boolean): Promise<(number | null)[]>
  folderOf(mailbox: MailboxRef, name: string): Promise<Folder>
  /** bytes that the mailbox holds */
  used(mailbox: MailboxRef): Promise<number>
}

export async function withStore(scope: TestScope): Promise<TestStore> {
  const last = lastFirst(scope)
  const base = await withTestDatabase(last)
  const { database, blobs, connection } = base
  last.after(async () => assert.deepEqual(await findViolations(database.reader, [...MAILBOX_CHECKS, ...BLOB_CHECKS]), []))
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  const store = createMailboxStore({ database, blobs, bus, now: Date.now })

  return {
    ...base,
    store,
    another() {
      const other = openDatabase(connection, { max: 2 })
      last.after(() => other.close())
      return createMailboxStore({ database: other, blobs, bus, now: Date.now })
    },
    async mailbox({ quota = 1e9, beside } = {}) {
      const id = beside ? idIn(beside.slot) : uuidv7()
      const ref = { slot: slotOf(id), id }
      await database.transactor.transact(ref.slot, async (tx) => {
        await insertMailbox(tx, ref, `${id}@pec.test`, { quota, reserve: 0, now: Date.now() })
        await insertFolders(tx, ref, STANDARD_FOLDERS, Date.now())
      })
      return ref
    },
    async arrive({ slot, id }, contents, receipt = false) {
      const pack = new BytesPack()
      const items = contents.map((content) => arrivalItem(pack, uuidv7(), content, instantOf(), receipt))
      const rows = await database.transactor.call<{ item: number; uid: number | null }>(
        slot,
        'select * from mailbox_append($1, $2, null, $3, $4, $5)',
        [slot, id, JSON.stringify(items), pack.bytes(), new Date()],
      )
      return rows.sort((a, b) => a.item - b.item).map(({ uid }) => uid)
    },
    async folderOf(mailbox, name) {
      const folder = await store.folder(mailbox, name)
      assert.ok(folder, name)
      return folder
    },
    async used({ slot, id }) {
      const [row] = await database.reader.read<{ used: number }>('select used from mailbox where slot = $1 and id = $2', [
        slot,
        id,
      ])
      assert.ok(row)
      return row.used
    },
  }
}

function idIn(slot: number): string {
  let id = uuidv7()
  while (slotOf(id) !== slot) id = uuidv7()
  return id
}

/** What a client appends, unread. */
export const appended = (bytes: Buffer | string): AppendRequest => ({
  bytes: Buffer.from(bytes),
  flags: 0,
  keywords: [],
  internalDate: Date.UTC(2026, 2, 15),
})

/** A content of these parts; `middle` is the bytes of the slice. */
export function contentOfParts(head: Buffer, slice: BlobSlice | null, middle: Buffer, tail: Buffer): MessageContent {
  const whole = Buffer.concat([head, middle, tail])
  return { head, tail, parsed: encodeParsed(parseStructure(whole)), size: whole.length, slice }
}

/** A folder with all its messages, of one moment. */
export async function openFolder(
  store: MailboxStore,
  mailbox: MailboxRef,
  name: string,
): Promise<{ folder: Folder; messages: MessageState[] }> {
  const { folder } = await store.enter(mailbox, name, false)
  const { modseq, columns } = await store.states(mailbox, folder.id, folder.modseq)
  return { folder: { ...folder, modseq }, messages: statesOf(columns) }
}
