import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { uuidv7 } from '../base/ids.ts'
import { createDomains } from '../directory/domains.ts'
import { createMailboxStore } from '../mailbox/store.ts'
import { createQuarantine } from '../quarantine/quarantine.ts'
import { createMailboxes } from '../registry/mailboxes.ts'
import { registryQueries } from '../registry/queries.ts'
import { createBus } from '../storage/bus.ts'
import { createDatabaseBlobStore } from '../storage/database-blob-store.ts'
import { createDiskBlobStore } from '../storage/disk-blob-store.ts'
import { createBlobs } from '../storage/blobs.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import { createHousekeeping } from './housekeeping.ts'
import { transportQueries } from './queries.ts'
import { openFolder } from '../mailbox/test-store.ts'

const DAY = 24 * 60 * 60_000
const { database, folder } = await withTestDatabase({ after })

test('what nobody can reach goes after a day, and nothing else', async () => {
  // Everything is written three days ago and looked at now, so that files, whose age is the clock's, are old only where the test says so.
  const expunged = Date.now() - 3 * DAY
  let now = expunged
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
  const { folder: inbox } = await openFolder(store, mailbox, 'INBOX')
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
    quarantine: createQuarantine({ database, blobs, now: clock }),
    report: assert.fail,
    now: clock,
  })
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 0, files: 0, tombstones: 0 }, 'nothing is old yet')
  now = Date.now()
  // Rows carry the database's own time of writing: as old as the messages.
  await database.transactor.call(mailbox.slot, 'update blob set created_at = $2 where slot = $1', [
    mailbox.slot,
    new Date(now - 3 * DAY),
  ])
  assert.deepEqual(await housekeeping.sweep(), { contents: 2, blobs: 2, files: 0, tombstones: 0 })
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 0, files: 0, tombstones: 0 })

  const read = async (folderName: string): Promise<string[]> => {
    const opened = await openFolder(store, mailbox, folderName)
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

  // What was expunged is remembered for 180 days, and told in full to who comes from before (RFC 7162 3.2.5).
  now = expunged + 179 * DAY
  assert.equal((await housekeeping.sweep()).tombstones, 0)
  assert.deepEqual(await store.vanished(mailbox, inbox.id, inbox.modseq), { uids: [copied, gone, goneLarge], complete: true })
  now = expunged + 181 * DAY
  assert.equal((await housekeeping.sweep()).tombstones, 3)
  assert.deepEqual(await store.vanished(mailbox, inbox.id, inbox.modseq), { uids: [], complete: false })
  assert.deepEqual((await store.changes(mailbox, inbox.id, inbox.modseq)).vanished, [copied, gone, goneLarge])
  await bus.close()
})

test('what is in quarantine stays for its 30 months, then goes with its bytes, and is reported', async () => {
  const disk = createDiskBlobStore(`${folder}/blobs`)
  const rows = createDatabaseBlobStore(database)
  const blobs = createBlobs({ disk, database: rows })
  const found = Date.UTC(2026, 2, 15, 12)
  let now = found
  const quarantine = createQuarantine({ database, blobs, now: () => now })
  const reported: { name: string; data: unknown }[] = []
  const housekeeping = createHousekeeping({
    database,
    disk,
    rows,
    queries: transportQueries(database),
    quarantine,
    report: (name, data) => void reported.push({ name, data }),
    now: () => now,
  })
  const message = (pecMsgid: string, bytes: Buffer) => ({
    point: 'incoming' as const,
    threat: { kind: 'virus' as const, name: 'Some.Virus' },
    pecMsgid,
    sender: 'a@pec.test',
    recipients: ['b@pec.test'],
    bytes,
    at: found,
  })
  const kept = [message('small@pec.test', Buffer.from('x')), message('large@pec.test', Buffer.alloc(200_000, 'x'))]
  for (const each of kept) await quarantine.keep(each)
  // More than one page of them, before something that nobody keeps.
  await database.transactor.call(
    0,
    `select quarantine_keep($1, n || '@pec.test', 'access', 'virus', 'x', 'a', '{}', 0, sha256(''), gen_random_uuid(), 'database', '', $2)
     from generate_series(1, 1500) n`,
    [0, new Date(found)],
  )
  const free = { slot: 4095, id: uuidv7() }
  await rows.addRow(free, {
    size: 1,
    sha256: createHash('sha256').update('x').digest(),
    place: 'database',
    bytes: Buffer.from('x'),
  })
  await database.transactor.call(4095, 'update blob set created_at = $2 where slot = $1', [4095, new Date(found)])

  now = Date.UTC(2026, 2, 20)
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 1, files: 0, tombstones: 0 })
  now = Date.UTC(2028, 8, 15, 21, 59)
  assert.deepEqual(await housekeeping.sweep(), { contents: 0, blobs: 0, files: 0, tombstones: 0 })
  assert.deepEqual(reported, [])
  for (const { pecMsgid } of kept) assert.equal((await quarantine.find(pecMsgid)).length, 1)

  now = Date.UTC(2028, 8, 15, 22)
  const first = await housekeeping.sweep()
  const second = await housekeeping.sweep()
  assert.equal(first.blobs + second.blobs, 1502)
  assert.equal(reported.length, 1502)
  assert.deepEqual(
    reported.filter(({ data }) => JSON.stringify(data).includes('large@')),
    [{ name: 'quarantine-expired', data: { pecMsgid: 'large@pec.test', point: 'incoming', at: '2026-03-15T12:00:00.000Z' } }],
  )
  assert.deepEqual(await quarantine.list(), [])
  const left = await database.reader.read<{ count: number }>('select count(*) from blob where created_at = $1', [new Date(found)])
  assert.equal(left[0]?.count, 0)
})
