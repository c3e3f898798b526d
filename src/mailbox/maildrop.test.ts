/** The inbox as POP3 sees it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createBus } from '../storage/bus.ts'
import { lastFirst } from '../storage/test-database.ts'
import { createMaildropLock } from './maildrop-lock.ts'
import { createMaildropStore } from './maildrop.ts'
import { sweepContents } from './sweep.ts'
import { appended, withStore } from './test-store.ts'
import { Flag, type MailboxRef } from './types.ts'

const scope = lastFirst({ after })
const { database, blobs, store, mailbox, folderOf, used } = await withStore(scope)
const bus = createBus({ warn: console.warn })
scope.after(() => bus.close())

const clock = { now: Date.UTC(2026, 2, 15, 12) }
const now = (): number => clock.now
const maildrops = createMaildropStore({ database, blobs, bus, now })
const lock = createMaildropLock({ database, now, report: console.error })

async function leaseOf(owner: MailboxRef) {
  const lease = await lock.acquire(owner)
  assert.ok(lease)
  return lease
}

async function textOf(owner: MailboxRef, content: string, size: number): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of maildrops.read(owner, content, 0, size)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const TEXTS = ['Subject: 1\r\n\r\none\r\n', 'Subject: 2\r\n\r\n', `Subject: 3\r\n\r\n${'x'.repeat(100_000)}\r\n`]

async function filled(): Promise<MailboxRef> {
  const owner = await mailbox()
  await store.append(owner, 'INBOX', TEXTS.map(appended))
  return owner
}

test('the messages of the inbox, with exact sizes, and nothing of other folders', async () => {
  const owner = await filled()
  await store.append(owner, 'Archivio', [appended('x')])
  const { folder, uidValidity, messages } = await maildrops.open(owner)
  const inbox = await folderOf(owner, 'INBOX')
  assert.deepEqual([folder, uidValidity], [inbox.id, inbox.uidValidity])
  assert.deepEqual(
    messages.map(({ uid, size }) => [uid, size]),
    TEXTS.map((text, index) => [index + 1, text.length]),
  )
  for (const [index, { content, size }] of messages.entries()) assert.equal(await textOf(owner, content, size), TEXTS[index])
  assert.deepEqual((await maildrops.open(await mailbox())).messages, [])
})

test('messages are removed whatever their flags, with counters and quota (I8), and who watches is told', async () => {
  const owner = await filled()
  const { folder } = await maildrops.open(owner)
  await store.storeFlags(owner, folder, [2], { mode: 'add', flags: Flag.deleted | Flag.seen, keywords: [] })
  const before = await store.changes(owner, folder, 0)
  const told = new Promise<void>((resolve) => bus.subscribe(owner.id, () => resolve()))
  const lease = await leaseOf(owner)
  await maildrops.remove(lease, folder, [1, 3, 99])
  await told
  assert.deepEqual((await store.changes(owner, folder, before.modseq)).vanished, [1, 3])
  assert.equal(await used(owner), TEXTS[1]?.length)
  assert.deepEqual(
    (await maildrops.open(owner)).messages.map(({ uid }) => uid),
    [2],
    'a mark of another client removes nothing',
  )
  await lease.release()
})

test('only who holds the lock removes', async () => {
  const owner = await filled()
  const { folder } = await maildrops.open(owner)
  const late = await leaseOf(owner)
  clock.now += 30_000
  const next = await leaseOf(owner)
  await assert.rejects(maildrops.remove(late, folder, [1]), { code: 'lease-lost', fault: 'temporary' })
  await next.release()
  await assert.rejects(maildrops.remove(next, folder, [1]), { code: 'lease-lost' })
  assert.equal((await maildrops.open(owner)).messages.length, 3)
})

test('a folder of another mailbox is not touched', async () => {
  const [owner, other] = [await filled(), await filled()]
  const lease = await leaseOf(owner)
  await assert.rejects(maildrops.remove(lease, (await maildrops.open(other)).folder, [1]), { code: 'no-such-folder' })
  await lease.release()
})

test('what another client has expunged can be read until it is swept', async () => {
  const owner = await filled()
  const { folder, messages } = await maildrops.open(owner)
  await store.storeFlags(owner, folder, [1], { mode: 'add', flags: Flag.deleted, keywords: [] })
  await store.expunge(owner, folder)
  const [first] = messages
  assert.ok(first)
  assert.equal(await textOf(owner, first.content, first.size), TEXTS[0])
  await sweepContents(database, new Date(Date.now() + 60_000))
  await assert.rejects(textOf(owner, first.content, first.size), { code: 'content-missing' })
})
