/** What the extensions of IMAP ask of the store (migration 0017). */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { forgetTombstones, sweepContents } from './sweep.ts'
import { appended, openFolder, withStore } from './test-store.ts'
import { Flag, type FlagChange, type MailboxRef } from './types.ts'

const { store, database, another, mailbox, folderOf, used } = await withStore({ after })

const mail = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`
const adding = (flags: number, ...keywords: string[]): FlagChange => ({ mode: 'add', flags, keywords })

async function filled(count: number): Promise<{ owner: MailboxRef; id: string }> {
  const owner = await mailbox()
  await store.append(
    owner,
    'INBOX',
    Array.from({ length: count }, (_, index) => appended(mail(String(index + 1)))),
  )
  return { owner, id: (await folderOf(owner, 'INBOX')).id }
}

test('several messages are appended all or none', async () => {
  const size = Buffer.byteLength(mail('1'))
  const owner = await mailbox({ quota: 3 * size })
  await store.append(owner, 'INBOX', [appended(mail('1'))])
  const before = await folderOf(owner, 'INBOX')
  const three = ['2', '3', '4'].map((subject) => appended(mail(subject)))
  await assert.rejects(store.append(owner, 'INBOX', three), { code: 'over-quota', fault: 'client' })
  assert.deepEqual(await folderOf(owner, 'INBOX'), before)
  assert.equal(await used(owner), size)
  assert.deepEqual((await store.append(owner, 'INBOX', three.slice(1))).uids, [2, 3])
  assert.equal(await used(owner), 3 * size)
})

test('of two that append to what is almost full, the one or the other gets all of his messages in', async () => {
  const size = Buffer.byteLength(mail('1'))
  const owner = await mailbox({ quota: 4 * size })
  const three = ['1', '2', '3'].map((subject) => appended(mail(subject)))
  const outcomes = await Promise.allSettled([store.append(owner, 'INBOX', three), another().append(owner, 'INBOX', three)])
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await folderOf(owner, 'INBOX')).total, 3)
})

test('flags are changed where a message has not changed since, or only otherwise', async () => {
  const { owner, id } = await filled(4)
  const { messages: known, folder } = await openFolder(store, owner, 'INBOX')
  const since = folder.modseq
  await store.storeFlags(owner, id, [1], adding(Flag.flagged, 'other'))
  await store.storeFlags(owner, id, [2], adding(0, 'taken'))
  await store.storeFlags(owner, id, [3], adding(Flag.seen))
  await store.storeFlags(owner, id, [3], { mode: 'remove', flags: Flag.deleted, keywords: [] })
  const { changed, refused } = await store.storeFlagsIf(owner, id, known, since, adding(Flag.seen, 'taken'))
  assert.deepEqual(
    changed.map(({ uid, flags, keywords }) => [uid, flags, keywords]),
    [
      [1, Flag.flagged | Flag.seen, ['other', 'taken']],
      [4, Flag.seen, ['taken']],
    ],
  )
  assert.deepEqual(
    refused.map(({ uid, flags, keywords }) => [uid, flags, keywords]),
    [
      [2, 0, ['taken']],
      [3, Flag.seen, []],
    ],
  )
  // Replacing all of the flags goes by any change.
  const again = await store.storeFlagsIf(owner, id, known, since, { mode: 'replace', flags: 0, keywords: [] })
  assert.deepEqual([again.changed.length, again.refused.map(({ uid }) => uid)], [0, [1, 2, 3, 4]])
  // A message that is gone is neither.
  await store.move(owner, id, [4], 'Archivio')
  const gone = await store.storeFlagsIf(owner, id, known.slice(3), since, adding(Flag.answered))
  assert.deepEqual([gone.changed, gone.refused], [[], []])
  const stranger = await mailbox({ beside: owner })
  const theirs = store.storeFlagsIf(stranger, id, known, 1e9, adding(Flag.draft))
  await assert.rejects(theirs, { code: 'no-such-folder' })
})

test('what is forgotten is told as gone to who comes from before it, and to who follows', async () => {
  const { owner, id } = await filled(5)
  const start = (await folderOf(owner, 'INBOX')).modseq
  await store.move(owner, id, [2, 5], 'Archivio')
  const later = (await folderOf(owner, 'INBOX')).modseq
  assert.deepEqual(await store.vanished(owner, id, start), { uids: [2, 5], complete: true })
  const soon = new Date(Date.now() + 60_000)
  await forgetTombstones(database, soon)
  assert.deepEqual(await store.vanished(owner, id, start), { uids: [], complete: false })
  assert.deepEqual(await store.vanished(owner, id, later), { uids: [], complete: true })
  await store.storeFlags(owner, id, [3], adding(Flag.deleted))
  await store.expunge(owner, id)
  assert.deepEqual(await store.vanished(owner, id, later), { uids: [3], complete: true })
  const { vanished, changed } = await store.changes(owner, id, start)
  assert.deepEqual([[...new Set(vanished)], changed], [[2, 3, 5], []])
  assert.deepEqual((await store.changes(owner, id, later)).vanished, [3])
  await assert.rejects(store.vanished(await mailbox({ beside: owner }), id, 0), { code: 'folder-changed' })
})

test('many tombstones are forgotten some at a time, and all of them', async () => {
  const { owner, id } = await filled(1)
  let uids = [1]
  while (uids.length < 1 << 13) uids = [...uids, ...(await store.copy(owner, id, uids, 'INBOX')).uids.map(([, uid]) => uid)]
  const start = (await folderOf(owner, 'INBOX')).modseq
  await store.storeFlags(owner, id, uids.slice(1), adding(Flag.deleted))
  await store.expunge(owner, id)
  const now = (await folderOf(owner, 'INBOX')).modseq
  const soon = new Date(Date.now() + 60_000)
  assert.equal(await forgetTombstones(database, soon), uids.length - 1)
  assert.equal(await forgetTombstones(database, soon), 0)
  assert.equal((await store.vanished(owner, id, start)).complete, false)
  assert.deepEqual(await store.vanished(owner, id, now), { uids: [], complete: true })
})

test('a tombstone is kept while its content is: that is how the content is found', async () => {
  const { owner, id } = await filled(1)
  await store.storeFlags(owner, id, [1], adding(Flag.deleted))
  await store.expunge(owner, id)
  const soon = new Date(Date.now() + 60_000)
  await forgetTombstones(database, soon)
  assert.deepEqual((await store.vanished(owner, id, 1)).uids, [1])
  await sweepContents(database, soon)
  await forgetTombstones(database, soon)
  assert.deepEqual(await store.vanished(owner, id, 1), { uids: [], complete: false })
})

test('sizes, usage, and the time of saving', async () => {
  const { owner, id } = await filled(3)
  const size = Buffer.byteLength(mail('1'))
  await store.storeFlags(owner, id, [2, 3], adding(Flag.deleted))
  const archive = (await folderOf(owner, 'Archivio')).id
  assert.deepEqual(
    await store.folderSizes(owner, [id, archive]),
    new Map([
      [id, { size: 3 * size, deleted: 2, deletedSize: 2 * size }],
      [archive, { size: 0, deleted: 0, deletedSize: 0 }],
    ]),
  )
  assert.deepEqual(await store.folderSizes(await mailbox({ beside: owner }), [id]), new Map())
  assert.deepEqual(await store.usage(owner), { used: 3 * size, quota: 1e9 })
  const before = Date.now()
  await store.copy(owner, id, [1], 'Archivio')
  for await (const { savedAt, internalDate } of store.messages(owner, archive, [1])) {
    assert.ok(savedAt !== null && savedAt >= before && savedAt <= Date.now() && internalDate < before)
  }
})

test('a special use belongs to one folder', async () => {
  const owner = await mailbox()
  await assert.rejects(store.createFolder(owner, 'Drafts', '\\Drafts'), { code: 'special-use-taken', fault: 'client' })
  assert.equal(await store.folder(owner, 'Drafts'), undefined)
  await store.deleteFolder(owner, 'Bozze')
  const outcomes = await Promise.allSettled(
    ['a/Drafts', 'b/Drafts'].map((name) => another().createFolder(owner, name, '\\Drafts')),
  )
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await store.folders(owner)).filter(({ specialUse }) => specialUse === '\\Drafts').length, 1)
})
