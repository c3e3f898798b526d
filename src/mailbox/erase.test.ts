/** What is erased is gone from every folder, and only of that mailbox. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createEraser } from './erase.ts'
import { STANDARD_FOLDERS } from './folder-names.ts'
import { appended, withStore } from './test-store.ts'

const { store, mailbox, used, database } = await withStore({ after })

test('all messages of a mailbox go, and those of others stay', async () => {
  const [gone, kept] = [await mailbox(), await mailbox()]
  for (const one of [gone, kept]) {
    for (const { name: folder } of STANDARD_FOLDERS.slice(0, 3))
      await store.append(one, folder, [appended('Subject: one\r\n\r\ntext\r\n'), appended('Subject: two\r\n\r\ntext\r\n')])
  }
  const before = await used(kept)
  assert.ok(before > 0)
  const erase = createEraser(database, Date.now)
  await erase(gone)
  await erase(gone)
  assert.equal(
    (await store.folders(gone)).reduce((sum, { total }) => sum + total, 0),
    0,
  )
  assert.deepEqual([await used(gone), await used(kept)], [0, before])
})
