import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { uuidv7 } from '../base/ids.ts'
import { testBlobStore } from './blob-store.contract.ts'
import { DISK_FROM_BYTES } from './blobs.ts'
import { createDatabaseBlobStore } from './database-blob-store.ts'
import { withTestDatabase } from './test-database.ts'

const { database, blobs } = await withTestDatabase({ after })

/** The tests of the contract follow each other: each begins with an empty table. */
const emptied = () => {
  const store = createDatabaseBlobStore(database)
  const empty = (async () => {
    for await (const ref of store.list(-10_000)) await store.delete(ref)
  })()
  return {
    put: async (...args: Parameters<typeof store.put>) => (await empty, store.put(...args)),
    read: async (...args: Parameters<typeof store.read>) => (await empty, store.read(...args)),
    delete: async (...args: Parameters<typeof store.delete>) => (await empty, store.delete(...args)),
    list: store.list,
  }
}

testBlobStore('database', emptied)

test('lists more than one page', async () => {
  const store = createDatabaseBlobStore(database)
  const ids = new Set(Array.from({ length: 2345 }, () => uuidv7()))
  const sql = `insert into blob (slot, id, size, sha256, place, bytes, created_at)
    select $1, unnest($2::uuid[]), 0, decode(repeat('00', 32), 'hex'), 'database', '', now()`
  await database.transactor.call(99, sql, [99, [...ids]])
  for await (const ref of store.list(-10_000)) if (ref.slot === 99) ids.delete(ref.id)
  assert.equal(ids.size, 0)
})

test('the facade keeps small blobs in their row and large ones on disk, with a row', async () => {
  for (const size of [DISK_FROM_BYTES - 1, DISK_FROM_BYTES]) {
    const ref = { slot: 5, id: uuidv7() }
    const bytes = randomBytes(size)
    const sha256 = randomBytes(32)
    const place = blobs.place(size)
    await blobs.put(ref, bytes, place, sha256)
    assert.ok(bytes.equals(await blobs.read(ref, place, 0, size)))
    const sql = 'select place, size, sha256, octet_length(bytes) as kept from blob where slot = $1 and id = $2'
    assert.deepEqual(await database.reader.read(sql, [ref.slot, ref.id]), [
      { place, size, sha256, kept: place === 'database' ? size : null },
    ])
  }
  assert.deepEqual([blobs.place(DISK_FROM_BYTES - 1), blobs.place(DISK_FROM_BYTES)], ['database', 'disk'])
})
