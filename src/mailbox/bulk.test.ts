/** Changes of very many messages: others get in between, what a crash leaves is whole, and what is reckoned is what is stored. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { uuidv7 } from '../base/ids.ts'
import { createBus } from '../storage/bus.ts'
import { createMailboxStore } from './store.ts'
import { appended, contentOfParts, openFolder, withStore } from './test-store.ts'
import { Flag, type FlagChange, type MailboxRef, type MailboxStore } from './types.ts'

const { store, database, blobs, another, mailbox, arrive, folderOf } = await withStore({ after })

const small = contentOfParts(Buffer.from('Subject: x\r\n\r\nx\r\n'), null, Buffer.alloc(0), Buffer.alloc(0))

/** A folder of `count` messages with \Deleted that share one content, made at once. */
async function crowd(owner: MailboxRef, count: number): Promise<string> {
  const name = `Folla ${uuidv7()}`
  const { id } = await store.createFolder(owner, name)
  await store.append(owner, name, [{ ...appended('Subject: crowd\r\n\r\n'), flags: Flag.deleted }])
  await database.transactor.transact(owner.slot, async (tx) => {
    await tx.query(
      `insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size, saved_at)
       select slot, folder, uid + g, content, modseq, flags, keywords, internal_date, size, saved_at
       from message, generate_series(1, $3) g where slot = $1 and folder = $2 and uid = 1`,
      [owner.slot, id, count - 1],
    )
    const added = `(select size * $3 from message where slot = $1 and folder = $4 and uid = 1)`
    await tx.query(`update mailbox set used = used + ${added} where slot = $1 and id = $2`, [owner.slot, owner.id, count - 1, id])
    const counters = 'uid_next = uid_next + $3, total = total + $3, unseen = unseen + $3'
    await tx.query(`update folder set ${counters} where slot = $1 and id = $2`, [owner.slot, id, count - 1])
  })
  return id
}

const modseqOf = async (owner: MailboxRef, uid: number): Promise<number> => {
  const { changed } = await store.changes(owner, (await folderOf(owner, 'INBOX')).id, 0)
  return changed.find((state) => state.uid === uid)?.modseq ?? 0
}
const nameOf = async (owner: MailboxRef, id: string): Promise<string> =>
  (await store.folders(owner)).find((folder) => folder.id === id)?.name ?? ''
const uidsOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

const CHANGES: Record<string, { count: number; run: (owner: MailboxRef, folder: string, count: number) => Promise<unknown> }> = {
  'an expunge of 100,000': { count: 100_000, run: (owner, folder) => store.expunge(owner, folder) },
  'an expunge of UIDs': { count: 8000, run: (owner, folder, count) => store.expunge(owner, folder, uidsOf(count)) },
  'a move': { count: 8000, run: (owner, folder, count) => store.move(owner, folder, uidsOf(count), 'Archivio') },
  'the removal of a folder': {
    count: 8000,
    run: async (owner, folder) => store.deleteFolder(owner, await nameOf(owner, folder)),
  },
  'a change of flags': {
    count: 40_000,
    run: (owner, folder, count) =>
      store.storeFlags(owner, folder, uidsOf(count), { mode: 'add', flags: Flag.flagged, keywords: [] }),
  },
}

for (const [name, { count, run }] of Object.entries(CHANGES)) {
  test(`mail is delivered while ${name} is under way`, async () => {
    const owner = await mailbox()
    const folder = await crowd(owner, count)
    // The first hint comes after the first step.
    const begun = new Promise<void>((resolve) => {
      const stop = store.watch(owner, () => {
        stop()
        resolve()
      })
    })
    const changed = run(owner, folder, count)
    await begun
    const [uid] = await arrive(owner, [small])
    await changed
    // The order in which they were done is that of their modseqs.
    const [{ modseq: last } = { modseq: 0 }] = await database.reader.read<{ modseq: number }>(
      'select modseq from mailbox where slot = $1 and id = $2',
      [owner.slot, owner.id],
    )
    const delivered = await modseqOf(owner, uid ?? 0)
    assert.ok(delivered > 0 && delivered < last, `delivered at ${delivered}, and the last step was ${last}`)
  })
}

test('what an interrupted expunge has removed is removed, the rest is there, and another one goes on', async () => {
  const owner = await mailbox()
  const count = 10_000
  const folder = await crowd(owner, count)
  const dying = dyingAfter(2)
  await assert.rejects(dying.expunge(owner, folder), /killed/)
  const { total } = await folderOf(owner, await nameOf(owner, folder))
  assert.ok(total > 0 && total < count, `${total} are left`)
  const { vanished } = await store.changes(owner, folder, 1)
  assert.deepEqual(vanished, uidsOf(count - total))
  assert.equal((await store.expunge(owner, folder)).length, total)
})

test('an interrupted removal of a folder leaves a folder that can be removed', async () => {
  const owner = await mailbox()
  const folder = await crowd(owner, 10_000)
  const name = await nameOf(owner, folder)
  await assert.rejects(dyingAfter(2).deleteFolder(owner, name), /killed/)
  assert.ok((await folderOf(owner, name)).total > 0)
  await store.deleteFolder(owner, name)
  assert.equal(await store.folder(owner, name), undefined)
})

test('COPY is all or nothing: of many messages too', async () => {
  const owner = await mailbox({ quota: 200_000 })
  const folder = await crowd(owner, 6000)
  await assert.rejects(store.copy(owner, folder, uidsOf(6000), 'Archivio'), { code: 'over-quota' })
  assert.equal((await folderOf(owner, 'Archivio')).total, 0)
})

/** A store whose process dies after some writes. */
function dyingAfter(writes: number): MailboxStore {
  let left = writes
  const { transactor } = database
  const bus = createBus({ warn: console.warn })
  return createMailboxStore({
    database: {
      ...database,
      transactor: {
        ...transactor,
        call: (...request) => (left-- > 0 ? transactor.call(...request) : Promise.reject(new Error('killed'))),
      },
    },
    blobs,
    bus,
    now: Date.now,
  })
}

const WORDS = ['uno', 'due', 'tre']
const someWords = fc.subarray(WORDS)
const someFlags = fc.integer({ min: 0, max: 31 })
const someChange: fc.Arbitrary<FlagChange> = fc.record({
  mode: fc.constantFrom('add', 'remove', 'replace'),
  flags: someFlags,
  keywords: someWords,
})

test('what is reckoned of a change of flags is what is stored, whoever came in between', async () => {
  const owner = await mailbox()
  const { id } = await folderOf(owner, 'INBOX')
  await store.append(owner, 'INBOX', Array(4).fill(appended('Subject: x\r\n\r\n')))
  const other = another()
  const interfering = fc.option(fc.record({ uid: fc.integer({ min: 1, max: 4 }), change: someChange }), { freq: 3 })
  const ordered = (words: readonly string[]): string[] => [...words].sort()
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.subarray([1, 2, 3, 4], { minLength: 1 }), someChange, interfering)), async (steps) => {
      for (const [uids, change, interference] of steps) {
        const known = await openFolder(store, owner, 'INBOX')
        if (interference) await other.storeFlags(owner, id, [interference.uid], interference.change)
        const states = known.messages.filter(({ uid }) => uids.includes(uid))
        const { changed, since, modseq } = await store.storeFlagsAt(owner, id, states, known.folder.modseq, change)
        const { messages, folder } = await openFolder(store, owner, 'INBOX')
        const stored = messages.filter(({ uid }) => uids.includes(uid))
        assert.deepEqual(
          changed.map((state) => ({ ...state, keywords: ordered(state.keywords) })),
          stored.map((state) => ({ ...state, keywords: ordered(state.keywords) })),
        )
        assert.equal(modseq, folder.modseq)
        if (!interference) assert.equal(since, known.folder.modseq)
      }
    }),
    { numRuns: 30 },
  )
})

test('many messages are appended in their order, with their bytes; or none of them', async () => {
  const owner = await mailbox({ quota: 500_000 })
  const bytes = Array.from({ length: 60 }, (_, index) => Buffer.from(`Subject: ${index}\r\n\r\n${'x'.repeat(index * 10)}`))
  bytes[30] = Buffer.from(`Subject: large\r\n\r\n${'y'.repeat(100_000)}`)
  const requests = bytes.map((one, index) => ({ ...appended(one), flags: index % 2, keywords: index === 7 ? ['a"b'] : [] }))
  const { uids } = await store.append(owner, 'INBOX', requests)
  assert.deepEqual(uids, uidsOf(60))
  const { id, unseen } = await folderOf(owner, 'INBOX')
  assert.equal(unseen, 30)
  for await (const { uid, flags, keywords, content } of store.messages(owner, id, uids)) {
    const pieces: Buffer[] = []
    for await (const piece of store.read(owner, content.id, 0, content.size)) pieces.push(piece)
    assert.deepEqual(Buffer.concat(pieces), bytes[uid - 1])
    assert.deepEqual([flags, keywords], [(uid - 1) % 2, uid === 8 ? ['a"b'] : []])
  }
  const tooMany = Array.from({ length: 5 }, () => requests).flat()
  await assert.rejects(store.append(owner, 'INBOX', tooMany), { code: 'over-quota' })
  await assert.rejects(store.append(owner, 'Nessuna', requests), { code: 'no-such-folder' })
  assert.equal((await folderOf(owner, 'INBOX')).total, 60)
})
