import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newMessageId, slotOf } from '../base/ids.ts'
import { BLOB_CHECKS, findViolations } from '../storage/consistency.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { QUARANTINE_CHECKS } from './consistency.ts'
import { createQuarantine } from './quarantine.ts'
import type { QuarantinedMessage } from './types.ts'

const scope = lastFirst({ after })
const { database, blobs, folder } = await withTestDatabase(scope)
mkdirSync(join(folder, 'blobs'))
let now = Date.UTC(2026, 2, 15, 9, 30)
const quarantine = createQuarantine({ database, blobs, now: () => now })

const message = (overrides: Partial<QuarantinedMessage> = {}): QuarantinedMessage => ({
  point: 'access',
  threat: { kind: 'virus', name: 'Some.Virus' },
  pecMsgid: newMessageId(now, 'pec.test'),
  sender: 'a@pec.test',
  recipients: ['b@pec.test', 'c@pec.test'],
  bytes: Buffer.from('Subject: x\r\n\r\nbytes\r\n'),
  at: now,
  ...overrides,
})

async function bytesOf(kept: Pick<QuarantinedMessage, 'pecMsgid' | 'point'>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of quarantine.read(kept)) pieces.push(piece)
  return Buffer.concat(pieces)
}

const rowsOf = (pecMsgid: string) =>
  database.reader.read<{ blob: string; slot: number }>('select slot, blob from quarantine where pec_msgid = $1', [pecMsgid])

const violations = () => findViolations(database.reader, [...QUARANTINE_CHECKS, ...BLOB_CHECKS])

/** Paths of all files of blobs. */
const files = (): string[] =>
  readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

for (const [title, size] of [
  ['a small message in the database', 2000],
  ['a large one on disk, read in pieces', 2_500_000],
] as const) {
  test(`I5: keeps who, what, when and every byte: ${title}`, async () => {
    const kept = message({ bytes: randomBytes(size), threat: { kind: 'blocked-attachment', name: 'a\u0000.exe' } })
    await quarantine.keep(kept)
    const { bytes, ...facts } = kept
    assert.deepEqual(await quarantine.find(kept.pecMsgid), [
      {
        ...facts,
        threat: { kind: 'blocked-attachment', name: 'a\ufffd.exe' },
        size,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        keepUntil: Date.UTC(2028, 8, 15, 22),
      },
    ])
    assert.ok(bytes.equals(await bytesOf(kept)))
    const [row] = await rowsOf(kept.pecMsgid)
    assert.equal(row?.slot, slotOf(kept.pecMsgid))
    assert.equal(
      files().some((path) => path.endsWith(row?.blob ?? '?')),
      size > 64 * 1024,
    )
    assert.deepEqual(await violations(), [])
  })
}

test('I4: doing it twice, also at the same time, changes nothing', async () => {
  const kept = message({ bytes: randomBytes(100_000) })
  await Promise.all([quarantine.keep(kept), quarantine.keep(kept)])
  const before = await quarantine.find(kept.pecMsgid)
  const fileCount = files().length
  await quarantine.keep({ ...kept, bytes: Buffer.from('others'), sender: 'x@pec.test' })
  assert.deepEqual(await quarantine.find(kept.pecMsgid), before)
  assert.equal(files().length, fileCount)
  assert.ok(kept.bytes.equals(await bytesOf(kept)))
  const blobs = await database.reader.read('select id from blob where slot = $1', [slotOf(kept.pecMsgid)])
  assert.equal(blobs.length, 1)
})

test('each point keeps its own', async () => {
  const kept = message()
  await quarantine.keep(kept)
  await quarantine.keep({ ...kept, point: 'incoming', bytes: Buffer.from('y') })
  assert.deepEqual(
    (await quarantine.find(kept.pecMsgid)).map(({ point }) => point),
    ['access', 'incoming'],
  )
  assert.equal(String(await bytesOf({ ...kept, point: 'incoming' })), 'y')
})

test('lists by time', async () => {
  const [first, second] = [message({ at: Date.UTC(2030, 0, 1) }), message({ at: Date.UTC(2030, 0, 2) })]
  await quarantine.keep(second)
  await quarantine.keep(first)
  const ids = async (since: number) => (await quarantine.list(since)).map(({ pecMsgid }) => pecMsgid)
  assert.deepEqual(await ids(first.at), [first.pecMsgid, second.pecMsgid])
  assert.deepEqual(await ids(first.at + 1), [second.pecMsgid])
  assert.ok((await quarantine.list()).length > 2)
})

test('what is not there, or not whole, is said', async () => {
  await assert.rejects(bytesOf({ pecMsgid: 'nobody@pec.test', point: 'access' }), { code: 'quarantine-missing' })
  const kept = message({ bytes: Buffer.alloc(100_000, 'x') })
  await quarantine.keep(kept)
  const [row] = await rowsOf(kept.pecMsgid)
  const path = files().find((path) => path.endsWith(row?.blob ?? '?')) ?? ''
  const whole = readFileSync(path)
  writeFileSync(path, Buffer.alloc(100_000, 'y'))
  await assert.rejects(bytesOf(kept), { code: 'quarantine-damaged' })
  writeFileSync(path, whole)
})

test('the check finds a message whose blob is away, or another one', async () => {
  const [one, two] = [message(), message()]
  for (const kept of [one, two]) await quarantine.keep(kept)
  const slot = slotOf(one.pecMsgid)
  await database.transactor.call(slot, 'delete from blob where slot = $1 and id = $2', [
    slot,
    (await rowsOf(one.pecMsgid))[0]?.blob,
  ])
  const other = slotOf(two.pecMsgid)
  await database.transactor.call(other, 'update quarantine set size = size + 1 where slot = $1 and pec_msgid = $2', [
    other,
    two.pecMsgid,
  ])
  const [violation] = await violations()
  assert.deepEqual(violation?.problems.sort(), [one, two].map(({ pecMsgid }) => `${pecMsgid} at access`).sort())
  for (const { pecMsgid } of [one, two]) {
    await database.transactor.call(slotOf(pecMsgid), 'delete from quarantine where slot = $1 and pec_msgid = $2', [
      slotOf(pecMsgid),
      pecMsgid,
    ])
  }
  assert.deepEqual(await violations(), [])
})

/** When it was found (UTC), and the last instant at which it must still be there: the end of the day in Italy, 30 months on. */
for (const [found, last] of [
  ['2024-01-10T12:00:00Z', '2026-07-10T21:59:59Z'],
  ['2024-07-10T12:00:00Z', '2027-01-10T22:59:59Z'],
  // 23:30 in London is the next day in Italy.
  ['2024-01-09T23:30:00Z', '2026-07-10T21:59:59Z'],
  // There is no 31st of February, and no 29th either in 2027.
  ['2023-08-31T12:00:00Z', '2026-02-28T22:59:59Z'],
  ['2021-08-31T12:00:00Z', '2024-02-29T22:59:59Z'],
  // Across both changes of the clocks.
  ['2023-09-29T12:00:00Z', '2026-03-29T21:59:59Z'],
] as const) {
  test(`kept for 30 months by the calendar: ${found}`, async () => {
    const kept = message({ at: Date.parse(found) })
    await quarantine.keep(kept)
    now = Date.parse(last)
    assert.deepEqual(await quarantine.expire(), [])
    now = Date.parse(last) + 1000
    assert.deepEqual(
      (await quarantine.expire()).map(({ pecMsgid }) => pecMsgid),
      [kept.pecMsgid],
    )
    assert.deepEqual(await quarantine.find(kept.pecMsgid), [])
    assert.deepEqual(await quarantine.expire(), [])
  })
}

test('tells which blobs it keeps', async () => {
  const kept = message({ at: Date.UTC(2030, 0, 1) })
  await quarantine.keep(kept)
  const [row] = await rowsOf(kept.pecMsgid)
  const unknown = '01890000-0000-7000-8000-000000000000'
  assert.deepEqual(await quarantine.blobsKept([row?.blob ?? '', unknown]), [row?.blob])
  assert.deepEqual(await quarantine.blobsKept([]), [])
})
