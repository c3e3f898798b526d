/** Marks of the quota: found whatever brought the mailbox there, told once, forgotten when they are left. */
import assert from 'node:assert/strict'
import { after, mock, test } from 'node:test'
import { encodeParsed, parseStructure } from '../mime/structure.ts'
import type { MessageContent } from './content.ts'
import { noteWarnings, watchQuotas } from './quota-warnings.ts'
import { appended, withStore } from './test-store.ts'
import { Flag } from './types.ts'
import type { MailboxRef } from './types.ts'

const { database, store, mailbox, folderOf, arrive, used } = await withStore({ after })
const QUOTA = 10_000

/** A message of so many bytes. */
const message = (bytes: number): Buffer => Buffer.from('Subject: x\r\n\r\n'.padEnd(bytes, 'x'))
const contentOf = (bytes: number): MessageContent => {
  const head = message(bytes)
  return { head, tail: Buffer.alloc(0), parsed: encodeParsed(parseStructure(head)), size: bytes, slice: null }
}

const append = async (owner: MailboxRef, ...sizes: number[]): Promise<number[]> =>
  (
    await store.append(
      owner,
      'INBOX',
      sizes.map((size) => appended(message(size))),
    )
  ).uids

async function remove(owner: MailboxRef, ...uids: number[]): Promise<void> {
  const { id } = await folderOf(owner, 'INBOX')
  await store.storeFlags(owner, id, uids, { mode: 'add', flags: Flag.deleted, keywords: [] })
  await store.expunge(owner, id, uids)
}

const setQuota = (owner: MailboxRef, quota: number) =>
  database.transactor.call(owner.slot, 'update mailbox set quota = $3 where slot = $1 and id = $2', [owner.slot, owner.id, quota])

/** The marks that are noted now for the first time. */
async function noted(owner: MailboxRef): Promise<number[]> {
  const warnings = await noteWarnings(database, new Date())
  return warnings.filter((warning) => warning.mailbox === owner.id).map(({ mark }) => mark)
}

async function standing({ slot, id }: MailboxRef): Promise<number[]> {
  const sql = 'select mark from quota_warning where slot = $1 and mailbox = $2 order by mark'
  return (await database.reader.read<{ mark: number }>(sql, [slot, id])).map(({ mark }) => mark)
}

test('each mark is noted once, with what was used then', async () => {
  const owner = await mailbox({ quota: QUOTA })
  await append(owner, 7999)
  assert.deepEqual(await noted(owner), [])
  await append(owner, 50)
  const [warning, ...more] = (await noteWarnings(database, new Date())).filter((one) => one.mailbox === owner.id)
  assert.deepEqual([warning, more], [{ mailbox: owner.id, mark: 80, used: 8049, quota: QUOTA }, []])
  assert.deepEqual(await noted(owner), [])
  await append(owner, 951)
  assert.deepEqual([await noted(owner), await noted(owner)], [[90], []])
  await append(owner, 500)
  assert.deepEqual([await noted(owner), await noted(owner)], [[95], []])
  assert.deepEqual(await standing(owner), [80, 90, 95])
})

test('who passes several marks at once is told of the highest', async () => {
  const owner = await mailbox({ quota: QUOTA })
  await append(owner, 9600)
  assert.deepEqual([await noted(owner), await standing(owner)], [[95], [95]])
})

test('a mark is left by five points, and then noted again', async () => {
  const owner = await mailbox({ quota: QUOTA })
  const [, eighty = 0, ninety = 0] = await append(owner, 7400, 300, 1400)
  assert.deepEqual(await noted(owner), [90])
  // 77 per cent: 90 is left, 80 is not.
  await remove(owner, ninety)
  assert.deepEqual([await noted(owner), await standing(owner)], [[], []])
  const [again = 0] = await append(owner, 500)
  assert.deepEqual(await noted(owner), [])
  await append(owner, 900)
  assert.deepEqual([await noted(owner), await standing(owner)], [[90], [90]])
  // 86 per cent, below the mark and not five points: nothing is forgotten, and nothing told again.
  await remove(owner, again)
  assert.deepEqual([await used(owner), await noted(owner), await standing(owner)], [8600, [], [90]])
  const [more = 0] = await append(owner, 500)
  assert.deepEqual([await noted(owner), await standing(owner)], [[], [90]])
  // 74 per cent.
  await remove(owner, eighty, more, more - 1)
  assert.deepEqual([await used(owner), await noted(owner), await standing(owner)], [7400, [], []])
  await append(owner, 600)
  assert.deepEqual([await noted(owner), await standing(owner)], [[80], [80]])
})

test('every way in counts, and so does another quota', async () => {
  const ways: [string, (owner: MailboxRef) => Promise<unknown>][] = [
    ['delivery', (owner) => arrive(owner, [contentOf(4000)])],
    ['receipts', (owner) => arrive(owner, [contentOf(4000)], true)],
    ['APPEND', (owner) => append(owner, 4000)],
    ['MULTIAPPEND', (owner) => append(owner, 1000, 1000, 2000)],
    ['COPY', async (owner) => store.copy(owner, (await folderOf(owner, 'INBOX')).id, [1], 'Archivio')],
    ['a lower quota', (owner) => setQuota(owner, 5000)],
  ]
  for (const [way, come] of ways) {
    const owner = await mailbox({ quota: QUOTA })
    await append(owner, 4200)
    assert.deepEqual(await noted(owner), [], way)
    await come(owner)
    assert.deepEqual(await noted(owner), [80], way)
    await setQuota(owner, 2 * QUOTA)
    assert.deepEqual([await noted(owner), await standing(owner)], [[], []], way)
  }
})

test('several processes note a mark once', async () => {
  const owner = await mailbox({ quota: QUOTA })
  await append(owner, 9600)
  const all = await Promise.all([noted(owner), noted(owner), noted(owner)])
  // One that is in another's hands is left to it.
  assert.deepEqual([...all.flat(), ...(await noted(owner))], [95])
})

test('every minute somebody looks, and reports what is new', async () => {
  const owner = await mailbox({ quota: QUOTA })
  await append(owner, 8200)
  mock.timers.enable({ apis: ['setInterval'] })
  const reported: object[] = []
  const stop = watchQuotas({ database, report: (name, data) => void reported.push({ name, data }), now: Date.now })
  mock.timers.tick(59_000)
  mock.timers.tick(1_000)
  mock.timers.tick(60_000)
  await stop()
  mock.timers.reset()
  assert.deepEqual(reported, [{ name: 'quota-warning', data: { mailbox: owner.id, mark: 80 } }])
})
