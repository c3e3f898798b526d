import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { uuidv7 } from '../base/ids.ts'
import { createDomains } from '../directory/domains.ts'
import { createMailboxStore } from '../mailbox/store.ts'
import { createMailboxes } from '../registry/mailboxes.ts'
import { registryQueries } from '../registry/queries.ts'
import { createBus } from '../storage/bus.ts'
import { createDatabaseBlobStore } from '../storage/database-blob-store.ts'
import { createDiskBlobStore } from '../storage/disk-blob-store.ts'
import { createBlobs } from '../storage/blobs.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import { createHousekeeping } from './housekeeping.ts'
import { transportQueries } from './queries.ts'

const DAY = 24 * 60 * 60_000
const { database, folder } = await withTestDatabase({ after })

test('what nobody can reach goes after a day, and nothing else', async () => {
  // Everything is written three days ago and looked at now, so that files, whose age is the clock's, are old only where the test says so.
  let now = Date.now() - 3 * DAY
  const disk = createDiskBlobStore(`${folder}/blobs`)
  const rows = createDatabaseBlobStore(database)
  const blobs = createBlobs({ disk, database: rows })
  const bus = createBus({ warn: assert.fail })
  const clock = (): number => now
  const domains = createDomains(database, clock)
  await domains.add('sweep.test')
  const mailboxes = createMailboxes({ database, queries: registryQueries(database), domains, now: clock })
  await mailboxes.create('a@sweep.test', 'a long password', 1_000_000_000)
  const mailbox = await mailboxes.find('a@sweep.test')
  assert.ok(mailbox)
  const store = createMailboxStore({ database, blobs, bus, now: clock })
  const append = async (bytes: Buffer): Promise<number> => {
    const { uids } = await store.append(mailbox, 'INBOX', [{ bytes, flags: 0, keywords: [], internalDate: now }])
    return uids[0] ?? 0
  }
  const small = Buffer.from('Subject: small\r\n\r\nx\r\n')
  const large = Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), Buffer.alloc(200_000, 'x')])
  const [kept, copied, gone, goneLarge] = [await append(small), await append(large), await append(small), await append(large)]
  const { folder: inbox } = await store.open(mailbox, 'INBOX', false)
  await store.copy(mailbox, inbox.id, [copied], 'Archivio')
  await store.storeFlags(mailbox, inbox.id, [copied, gone, goneLarge], { mode: 'add', flags: 8, keywords: [] })
  await store.expunge(mailbox, inbox.id)
  const rowless = { slot: mailbox.slot, id: uuidv7() }
  await disk.put(rowless, large)

  const housekeeping = createHousekeeping({
    database,
    disk,
    rows,
    queries: transportQueries(database),
    report: assert.fail,
    now: clock,
  })
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 0, files: 0 }, 'nothing is old yet')
  now = Date.now()
  // Rows carry the database's own time of writing: as old as the messages.
  await database.transactor.call(mailbox.slot, 'update blob set created_at = $2 where slot = $1', [
    mailbox.slot,
    new Date(now - 3 * DAY),
  ])
  assert.deepEqual(await housekeeping.sweep(), { contents: 2, blobs: 2, files: 0 })
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 0, files: 0 })

  const read = async (folderName: string): Promise<string[]> => {
    const opened = await store.open(mailbox, folderName, false)
    const hashes: string[] = []
    const uids = opened.messages.map(({ uid }) => uid)
    for await (const message of store.messages(mailbox, opened.folder.id, uids)) {
      const hash = createHash('sha256')
      for await (const piece of store.read(mailbox, message.content.id, 0, message.content.size)) hash.update(piece)
      hashes.push(`${message.uid} ${hash.digest('hex')}`)
    }
    return hashes
  }
  const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  assert.deepEqual(await read('INBOX'), [`${kept} ${hashOf(small)}`])
  assert.deepEqual(await read('Archivio'), [`1 ${hashOf(large)}`])
  await bus.close()
})
