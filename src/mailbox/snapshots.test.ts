/** A folder that is opened again shows what one that is opened for the first time shows, and is not read again for it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createSnapshots } from './snapshots.ts'
import { columnsOf } from './state-columns.ts'
import { appended, openFolder, withStore } from './test-store.ts'
import { Flag, type FolderChanges, type MailboxRef } from './types.ts'

const { store, another, mailbox } = await withStore({ after })

const stateOf = (uid: number) => ({ uid, modseq: uid, flags: 0, keywords: [] })

test('after any change by others the folder looks as it does to who never opened it', async () => {
  const owner = await mailbox()
  const other = another()
  const sameToAll = async (): Promise<void> => {
    const [warm, cold] = await Promise.all([openFolder(store, owner, 'INBOX'), openFolder(another(), owner, 'INBOX')])
    assert.deepEqual(warm.messages, cold.messages)
    assert.equal(warm.folder.modseq, cold.folder.modseq)
    assert.deepEqual(await store.changes(owner, warm.folder.id, warm.folder.modseq).then(({ changed }) => changed), [])
  }
  await sameToAll()
  await other.append(owner, 'INBOX', ['1', '2', '3', '4'].map(appended))
  await sameToAll()
  const { id } = (await openFolder(store, owner, 'INBOX')).folder
  await other.storeFlags(owner, id, [1, 3], { mode: 'add', flags: Flag.deleted, keywords: ['word'] })
  await sameToAll()
  await other.append(owner, 'INBOX', [appended('5')])
  await other.expunge(owner, id, [3])
  await sameToAll()
  await other.move(owner, id, [1, 2, 4], 'Archivio')
  await sameToAll()
  await other.copy(owner, id, [5], 'INBOX')
  await sameToAll()
})

test('what one session was shown does not change under it when another one opens the folder later', async () => {
  const owner = await mailbox()
  await store.append(owner, 'INBOX', [appended('1')])
  const first = await openFolder(store, owner, 'INBOX')
  await store.storeFlags(owner, first.folder.id, [1], { mode: 'add', flags: Flag.seen, keywords: [] })
  await openFolder(store, owner, 'INBOX')
  assert.deepEqual(
    first.messages.map(({ flags }) => flags),
    [0],
  )
})

/** A database that counts what it is asked for. */
function counted(count: number, limits = { messages: 125, unused: 1000 }) {
  const asked = { whole: 0, changes: [] as number[] }
  const columns = columnsOf(Array.from({ length: count }, (_, index) => stateOf(index + 1)))
  const array = (numbers: Iterable<number>): string => `{${Array.from(numbers).join(',')}}`
  let modseq = count
  const snapshots = createSnapshots(
    {
      queries: {
        async states() {
          asked.whole++
          const { uids, modseqs, flags } = columns
          return [{ modseq, uids: array(uids), modseqs: array(modseqs), flags: array(flags), keywords: null }]
        },
      },
      async changes(_mailbox: MailboxRef, _folder: string, since: number): Promise<FolderChanges> {
        asked.changes.push(since)
        return { modseq, uidNext: modseq + 1, changed: [stateOf(modseq)], vanished: [] }
      },
    },
    limits,
  )
  const open = async (id: string, at: number, total = at) => {
    modseq = at
    snapshots.compare({ id, modseq, total })
    return (await snapshots.from({ slot: 1, id: 'm' }, id, modseq)).columns.count
  }
  const from = async (id: string, at: number) => (await snapshots.from({ slot: 1, id: 'm' }, id, at)).modseq
  return { asked, open, from }
}

test('a folder without changes is not read again, one with changes only by these', async () => {
  const { asked, open } = counted(10)
  assert.deepEqual([await open('a', 10), await open('a', 10)], [10, 10])
  assert.deepEqual(asked, { whole: 1, changes: [] })
  assert.equal(await open('a', 11), 11)
  assert.deepEqual(asked, { whole: 1, changes: [10] })
})

test('a folder whose cursor went back, or whose count is another, is read anew', async () => {
  const { asked, open } = counted(10)
  await open('a', 10)
  await open('a', 9, 9)
  await open('a', 9, 8)
  assert.deepEqual(asked, { whole: 3, changes: [] })
})

test('the folders that were not used for longest are forgotten', async () => {
  const { asked, open } = counted(10)
  for (const folder of ['a', 'b', 'a', 'c', 'a']) await open(folder, 10)
  assert.equal(asked.whole, 3)
  await open('b', 10)
  assert.equal(asked.whole, 4)
})

test('folders without messages are forgotten too, if there are many', async () => {
  const { asked, open } = counted(0)
  for (const folder of ['a', 'b', 'c', 'd', 'a']) await open(folder, 0)
  assert.equal(asked.whole, 5)
})

test('a folder that is not used goes after a while', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { asked, open } = counted(10)
  await open('a', 10)
  t.mock.timers.tick(1000)
  await open('a', 10)
  t.mock.timers.tick(1000)
  assert.equal(asked.whole, 1)
  t.mock.timers.tick(1000)
  await open('a', 10)
  assert.equal(asked.whole, 2)
})

test('what was read at a cursor or later will do; who asks while others do waits for theirs', async () => {
  const { asked, open, from } = counted(10)
  await open('a', 12, 10)
  assert.equal(await from('a', 11), 12)
  assert.deepEqual(asked.changes, [])
  assert.deepEqual(await Promise.all([from('b', 10), from('b', 12), from('b', 12)]), [12, 12, 12])
  assert.equal(asked.whole, 2)
})
