/** The mailbox store on a real database: bytes, quota, folders (I5, I8, I10). */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { slotOf, uuidv7 } from '../base/ids.ts'
import { DISK_FROM_BYTES } from '../storage/blobs.ts'
import type { BlobSlice, MessageContent } from './content.ts'
import { appended, contentOfParts, openFolder, withStore } from './test-store.ts'
import { Flag, type Folder, type MailboxRef, type StoredMessage } from './types.ts'

const { store, blobs, mailbox, arrive, folderOf, used } = await withStore({ after })

const MEBIBYTE = 1024 * 1024
/** Bytes of which each place is known by its neighbours; a message's header before them, if they are long enough. */
const bytesOf = (length: number): Buffer =>
  Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(length)]).subarray(0, length)
const mail = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

async function messagesOf(mailbox: MailboxRef, { id }: Folder): Promise<StoredMessage[]> {
  const { messages } = await openFolder(store, mailbox, 'INBOX')
  const uids = messages.map(({ uid }) => uid)
  return Array.fromAsync(store.messages(mailbox, id, uids))
}

async function bytesRead(mailbox: MailboxRef, content: string, from: number, to: number): Promise<Buffer> {
  const pieces = await Array.fromAsync(store.read(mailbox, content, from, to))
  for (const piece of pieces) assert.ok(piece.length <= MEBIBYTE, `a piece of ${piece.length} bytes`)
  return Buffer.concat(pieces)
}

/** A blob of another mailbox's slot, as a receipt has it, and a slice of it. */
async function sliceOf(size: number, offset: number, length: number): Promise<{ slice: BlobSlice; middle: Buffer }> {
  const bytes = bytesOf(size)
  const id = uuidv7()
  const ref = { slot: slotOf(id), id }
  const place = blobs.place(size)
  await blobs.put(ref, bytes, place, createHash('sha256').update(bytes).digest())
  return { slice: { ...ref, place, offset, length }, middle: bytes.subarray(offset, offset + length) }
}

test('I5: any range of bytes is the one that was stored, wherever its parts lie', async () => {
  const owner = await mailbox()
  const [small, large] = [await sliceOf(5000, 100, 4000), await sliceOf(3 * MEBIBYTE, 7, 2 * MEBIBYTE + 3)]
  const empty = Buffer.alloc(0)
  const [head, tail] = [Buffer.from('Subject: head\r\n\r\n'), Buffer.from('\r\n--tail--\r\n')]
  const certified: [MessageContent, Buffer][] = [
    [head, small, tail],
    [head, large, tail],
    [empty, small, empty],
    [head, { slice: null, middle: empty }, tail],
  ].map((parts) => {
    const [head, { slice, middle }, tail] = parts as [Buffer, { slice: BlobSlice | null; middle: Buffer }, Buffer]
    return [contentOfParts(head, slice, middle, tail), Buffer.concat([head, middle, tail])]
  })
  const own = [1, 5000, DISK_FROM_BYTES - 1, DISK_FROM_BYTES, 2 * MEBIBYTE + 1].map(bytesOf)
  await arrive(
    owner,
    certified.map(([content]) => content),
  )
  for (const bytes of own) await store.append(owner, 'INBOX', [appended(bytes)])

  const expected = [...certified.map(([, bytes]) => bytes), ...own]
  const found = await messagesOf(owner, await folderOf(owner, 'INBOX'))
  assert.equal(found.length, expected.length)
  for (const [index, bytes] of expected.entries()) {
    const { content } = found[index] as StoredMessage
    assert.equal(content.size, bytes.length)
    assert.ok((await bytesRead(owner, content.id, 0, bytes.length)).equals(bytes), `message ${index + 1} whole`)
    const border = fc.constantFrom(0, 17, 18, 4017, 4018, MEBIBYTE, MEBIBYTE + 17, bytes.length - 1, bytes.length)
    const position = fc.oneof(fc.nat({ max: bytes.length + 20 }), border)
    await fc.assert(
      fc.asyncProperty(position, position, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        assert.ok((await bytesRead(owner, content.id, from, to)).equals(bytes.subarray(from, to)), `bytes ${from} to ${to}`)
      }),
      { numRuns: bytes.length > MEBIBYTE ? 15 : 40 },
    )
  }
})

test('I5: a copied or moved message is the same content, with the same date, flags and keywords', async () => {
  const owner = await mailbox()
  const inbox = await folderOf(owner, 'INBOX')
  await store.append(owner, 'INBOX', [{ ...appended(mail('a')), flags: Flag.flagged, keywords: ['due "parole"', 'b\\c'] }])
  const [first] = await messagesOf(owner, inbox)
  const target = await folderOf(owner, 'Archivio')
  assert.deepEqual(await store.copy(owner, inbox.id, [1], 'Archivio'), { uidValidity: target.uidValidity, uids: [[1, 1]] })
  assert.deepEqual((await store.move(owner, inbox.id, [1, 9], 'Archivio')).uids, [[1, 2]])
  const { messages } = await openFolder(store, owner, 'Archivio')
  assert.deepEqual(
    messages.map(({ uid }) => uid),
    [1, 2],
  )
  for await (const { uid, modseq, savedAt, ...rest } of store.messages(owner, target.id, [1, 2])) {
    const { uid: was, modseq: before, savedAt: then, ...same } = first as StoredMessage
    assert.ok(uid >= was && modseq > before && (savedAt ?? 0) >= (then ?? Infinity))
    assert.deepEqual(rest, same)
  }
  assert.equal((await openFolder(store, owner, 'INBOX')).messages.length, 0)
})

test('I8: the quota counts every message, copies too, and what is removed no more', async () => {
  const size = Buffer.byteLength(mail('1'))
  const owner = await mailbox({ quota: 3 * size })
  const inbox = await folderOf(owner, 'INBOX')
  for (const subject of ['1', '2']) await store.append(owner, 'INBOX', [appended(mail(subject))])
  await store.copy(owner, inbox.id, [1], 'Archivio')
  assert.equal(await used(owner), 3 * size)
  const full = { code: 'over-quota', fault: 'client' }
  await assert.rejects(store.append(owner, 'INBOX', [appended('x')]), full)
  await assert.rejects(store.copy(owner, inbox.id, [1], 'Archivio'), full)
  assert.equal((await folderOf(owner, 'INBOX')).uidNext, 3)
  // Moving needs no room.
  assert.deepEqual((await store.move(owner, inbox.id, [2], 'Cestino')).uids, [[2, 1]])
  assert.equal(await used(owner), 3 * size)
  await store.storeFlags(owner, inbox.id, [1], { mode: 'add', flags: Flag.deleted, keywords: [] })
  assert.deepEqual(await store.expunge(owner, inbox.id), [1])
  assert.equal(await used(owner), 2 * size)
  await store.append(owner, 'INBOX', [appended(mail('3'))])
  await store.deleteFolder(owner, 'Archivio')
  assert.equal(await used(owner), 2 * size)
})

test('I10: an envelope that does not fit stays out, a receipt always comes in, and nothing else is lost for it', async () => {
  const content = contentOfParts(Buffer.from(mail('certified')), null, Buffer.alloc(0), Buffer.alloc(0))
  const owner = await mailbox({ quota: 2 * content.size })
  assert.deepEqual(await arrive(owner, [content, content, content]), [1, 2, null])
  assert.deepEqual(await arrive(owner, [content, content], true), [3, 4])
  assert.deepEqual(await arrive(owner, [content]), [null])
  assert.equal(await used(owner), 4 * content.size)
  assert.deepEqual(
    (await openFolder(store, owner, 'INBOX')).messages.map(({ uid }) => uid),
    [1, 2, 3, 4],
  )
})

test('flags and keywords are added, removed and replaced; what is as asked is no change', async () => {
  const owner = await mailbox()
  const { id } = await folderOf(owner, 'INBOX')
  await store.append(owner, 'INBOX', [appended(mail('1')), appended(mail('2'))])
  const change = async (mode: 'add' | 'remove' | 'replace', flags: number, keywords: string[]) => {
    const [state] = await store.storeFlags(owner, id, [1, 7], { mode, flags, keywords })
    return [state?.flags, state?.keywords]
  }
  assert.deepEqual(await change('add', Flag.seen | Flag.flagged, ['b', 'a']), [5, ['b', 'a']])
  assert.deepEqual(await change('add', Flag.answered, ['a', 'c']), [7, ['b', 'a', 'c']])
  const before = await folderOf(owner, 'INBOX')
  assert.deepEqual([before.total, before.unseen], [2, 1])
  assert.deepEqual(await change('add', Flag.seen, ['c']), [7, ['b', 'a', 'c']])
  assert.equal((await folderOf(owner, 'INBOX')).modseq, before.modseq)
  assert.deepEqual(await change('remove', Flag.seen, ['a', 'x']), [6, ['b', 'c']])
  assert.equal((await folderOf(owner, 'INBOX')).unseen, 2)
  assert.deepEqual(await change('replace', Flag.draft, ['z']), [16, ['z']])
  const { changed } = await store.changes(owner, id, before.modseq)
  assert.deepEqual(
    changed.map(({ uid }) => uid),
    [1],
  )
})

test('I8: a folder that is made again has another UIDVALIDITY, also when it is made at once, or renamed into place', async () => {
  const owner = await mailbox()
  const given: number[] = []
  for (let time = 0; time < 3; time++) {
    const made = await store.createFolder(owner, 'Pratiche')
    assert.deepEqual([made.uidNext, made.total], [1, 0])
    given.push(made.uidValidity)
    await store.append(owner, 'Pratiche', [appended(mail('x'))])
    await store.deleteFolder(owner, 'Pratiche')
  }
  given.push((await store.createFolder(owner, 'Altre')).uidValidity)
  await store.renameFolder(owner, 'Altre', 'Pratiche')
  assert.equal((await folderOf(owner, 'Pratiche')).uidValidity, given.at(-1))
  assert.deepEqual(
    given,
    [...new Set(given)].sort((a, b) => a - b),
    'each later one is larger',
  )
  assert.ok(given.every((value) => value < 2 ** 32))
})

test('a renamed folder keeps its messages and takes its children along; levels above it are made', async () => {
  const owner = await mailbox()
  await store.createFolder(owner, 'a/b/c')
  await store.createFolder(owner, 'ab')
  const { uidValidity } = await folderOf(owner, 'a/b')
  await store.append(owner, 'a/b', [appended(mail('x'))])
  await store.renameFolder(owner, 'a', 'x/y')
  const names = (await store.folders(owner)).map(({ name }) => name).filter((name) => /^[axy]/.test(name))
  assert.deepEqual(names, ['ab', 'x', 'x/y', 'x/y/b', 'x/y/b/c'])
  const { folder: moved, messages } = await openFolder(store, owner, 'x/y/b')
  assert.deepEqual([moved.uidValidity, messages.length], [uidValidity, 1])
})

test('RFC 3501 6.3.5: renaming the inbox moves its messages and leaves it there, empty', async () => {
  const owner = await mailbox()
  await store.append(owner, 'inbox', [appended(mail('1')), appended(mail('2'))])
  const { id } = await folderOf(owner, 'INBOX')
  await store.renameFolder(owner, 'INBOX', 'Vecchia')
  const { messages } = await openFolder(store, owner, 'Vecchia')
  assert.equal(messages.length, 2)
  const inbox = await folderOf(owner, 'INBOX')
  assert.deepEqual([inbox.id, inbox.total, inbox.uidNext], [id, 0, 3])
})

test('a folder that is removed leaves its children, and ends for who follows it or writes to it', async () => {
  const owner = await mailbox()
  const parent = await store.createFolder(owner, 'p')
  await store.createFolder(owner, 'p/child')
  await store.deleteFolder(owner, 'p')
  assert.equal(await store.folder(owner, 'p'), undefined)
  assert.ok(await store.folder(owner, 'p/child'))
  await assert.rejects(store.changes(owner, parent.id, 0), { code: 'folder-changed' })
  const gone = { code: 'no-such-folder', fault: 'client' }
  await assert.rejects(store.storeFlags(owner, parent.id, [1], { mode: 'add', flags: 1, keywords: [] }), gone)
  await assert.rejects(store.expunge(owner, parent.id), gone)
  await assert.rejects(store.append(owner, 'p', [appended(mail('x'))]), gone)
  await assert.rejects(store.copy(owner, parent.id, [1], 'p'), gone)
  await assert.rejects(store.deleteFolder(owner, 'p'), gone)
})

test('what a folder may not be called, or not be done to it, is refused and changes nothing', async () => {
  const owner = await mailbox()
  await store.createFolder(owner, 'a/b')
  // The children of a folder that was removed are still there.
  await store.createFolder(owner, 'c/b')
  await store.deleteFolder(owner, 'c')
  const before = await store.folders(owner)
  const refusals: [() => Promise<unknown>, string][] = [
    [() => store.createFolder(owner, 'a/b'), 'folder-exists'],
    [() => store.createFolder(owner, 'Inbox'), 'folder-exists'],
    [() => store.createFolder(owner, 'a//b'), 'bad-folder-name'],
    [() => store.createFolder(owner, 'a*'), 'bad-folder-name'],
    [() => store.createFolder(owner, 'x'.repeat(300)), 'bad-folder-name'],
    [() => store.renameFolder(owner, 'a', 'a/c'), 'bad-folder-name'],
    [() => store.renameFolder(owner, 'a/b', 'Cestino'), 'folder-exists'],
    [() => store.renameFolder(owner, 'a', 'c'), 'folder-exists'],
    [() => store.renameFolder(owner, 'a', 'x'.repeat(199)), 'bad-folder-name'],
    [() => store.renameFolder(owner, 'nessuna', 'x'), 'no-such-folder'],
    [() => store.deleteFolder(owner, 'INBOX'), 'folder-not-removable'],
    [() => store.subscribe(owner, 'nessuna', true), 'no-such-folder'],
  ]
  for (const [attempt, code] of refusals) await assert.rejects(attempt(), { code, fault: 'client' })
  assert.deepEqual(await store.folders(owner), before)
})

test('nobody changes or follows the folders of another mailbox, even of one in the same slot', async () => {
  const mine = await mailbox()
  const other = await mailbox({ beside: mine })
  const theirs = await folderOf(other, 'INBOX')
  await store.append(other, 'INBOX', [{ ...appended(mail('x')), flags: Flag.deleted }])
  const gone = { code: 'no-such-folder', fault: 'client' }
  await assert.rejects(store.changes(mine, theirs.id, 0), { code: 'folder-changed' })
  await assert.rejects(store.storeFlags(mine, theirs.id, [1], { mode: 'add', flags: Flag.seen, keywords: [] }), gone)
  await assert.rejects(store.expunge(mine, theirs.id), gone)
  await assert.rejects(store.copy(mine, theirs.id, [1], 'Archivio'), gone)
  assert.deepEqual(
    (await openFolder(store, other, 'INBOX')).messages.map(({ uid, flags }) => [uid, flags]),
    [[1, Flag.deleted]],
  )
})

test('I8: a UID that is named twice counts once', async () => {
  const owner = await mailbox()
  const { id } = await folderOf(owner, 'INBOX')
  await store.append(owner, 'INBOX', [appended(mail('1')), appended(mail('2'))])
  assert.equal((await store.storeFlags(owner, id, [1, 1], { mode: 'add', flags: Flag.seen, keywords: [] })).length, 1)
  assert.equal((await folderOf(owner, 'INBOX')).unseen, 1)
  assert.deepEqual((await store.copy(owner, id, [2, 1, 2], 'Archivio')).uids, [
    [1, 1],
    [2, 2],
  ])
})
