/** What is erased is gone from every folder, and only of that mailbox. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createEraser } from './erase.ts'
import { receiptOf, withStore } from './test-store.ts'

const { store, mailbox, arrive, used, folderOf, database } = await withStore({ after })

test('all messages of a mailbox go, and those of others stay', async () => {
  const [gone, kept] = [await mailbox(), await mailbox()]
  for (const one of [gone, kept]) await arrive(one, [receiptOf('first'), receiptOf('second')])
  const [inbox, archive] = [await folderOf(gone, 'INBOX'), await folderOf(gone, 'Trash')]
  const first = await store.messages(gone, inbox.id, [1])
  assert.ok(first)
  await store.copy(gone, inbox.id, [1], archive.id)
  const before = await used(kept)
  assert.ok(before > 0)
  const erase = createEraser(database, Date.now)
  await erase(gone)
  await erase(gone)
  assert.deepEqual((await store.folders(gone)).map(({ total }) => total).filter((total) => total > 0), [])
  assert.deepEqual([await used(gone), await used(kept)], [0, before])
})
