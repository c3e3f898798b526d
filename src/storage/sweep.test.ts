import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { uuidv7 } from '../base/ids.ts'
import { createBlobs } from './blobs.ts'
import { createDatabaseBlobStore } from './database-blob-store.ts'
import { createDiskBlobStore } from './disk-blob-store.ts'
import { openDatabase } from './database.ts'
import { sweepBlobs } from './sweep.ts'
import { withTestDatabase } from './test-database.ts'

const { database, connection, folder } = await withTestDatabase({ after })
const disk = createDiskBlobStore(join(folder, 'swept'))
const blobs = createBlobs({ disk, database: createDatabaseBlobStore(database) })
const bytes = Buffer.from('the bytes of a blob')
const linked = { slot: 1, id: uuidv7() }
const unlinked = { slot: 1, id: uuidv7() }
await blobs.put(linked, bytes, 'disk', createHash('sha256').update(bytes).digest())
// What a crash between file and transaction leaves.
await disk.put(unlinked, bytes)

test('a file within its grace time stays, for its transaction may still come', async () => {
  assert.deepEqual(await sweepBlobs({ disk, reader: database.reader, graceMs: 60_000 }), { unlinked: 0, temporary: 0 })
  assert.ok(bytes.equals(await disk.read(unlinked, 0, bytes.length)))
})

test('removes nothing when the database cannot be asked', async () => {
  const nowhere = openDatabase({ ...connection, host: folder })
  await assert.rejects(sweepBlobs({ disk, reader: nowhere.reader, graceMs: -60_000 }), { code: 'database-unavailable' })
  await nowhere.close()
  assert.ok(bytes.equals(await disk.read(unlinked, 0, bytes.length)))
})

test('removes a file without a row, and no other', async () => {
  assert.deepEqual(await sweepBlobs({ disk, reader: database.reader, graceMs: -60_000 }), { unlinked: 1, temporary: 0 })
  assert.ok(bytes.equals(await blobs.read(linked, 'disk', 0, bytes.length)))
  await assert.rejects(disk.read(unlinked, 0, bytes.length), { code: 'blob-missing' })
})
