import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { uuidv7 } from '../base/ids.ts'
import { findViolations } from '../storage/consistency.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { LEDGER_CHECKS } from './consistency.ts'
import { dayPaths } from './day-files.ts'
import { canonicalForm, ledgerEntry } from './entry.ts'
import { instantOf } from '../base/instant.ts'
import { entriesOf } from './queries.ts'
import { leafHashes } from './hash-batches.ts'
import { leafHash } from './merkle.ts'
import { createSealing } from './sealing.ts'
import { DAY_MS, homeOf, segmentLine, stampLines } from './sealed-lines.ts'
import { openTestLedger, TEST_CA } from './test-ledger.ts'

const scope = lastFirst({ after })
const { connection, folder, database } = await withTestDatabase(scope)
const MINUTE = 60_000
const skipOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

test('the lines are fixed: what is sealed today must be found again in years', () => {
  const root = Buffer.alloc(32, 0xab)
  const previous = Buffer.alloc(32, 0xcd)
  const at = Date.UTC(2026, 2, 15, 9, 30)
  const ranges = [{ slot: 3, first: 1, last: 2 }]
  assert.equal(
    segmentLine({ chain: 0, number: 7, sealedAt: at, firstAt: at - 2, lastAt: at - 1, ranges, root, previous }),
    `["ceralacca-ledger-segment",1,0,7,"2026-03-15T09:30:00.000Z","2026-03-15T09:29:59.998Z","2026-03-15T09:29:59.999Z",[[3,1,2]],"${'ab'.repeat(32)}","${'cd'.repeat(32)}"]`,
  )
  assert.deepEqual(stampLines({ number: 2, day: null, at, heads: [{ chain: 15, number: 7, hash: root }], previous }), [
    `["ceralacca-ledger-stamp",1,2,null,"2026-03-15T09:30:00.000Z","${'cd'.repeat(32)}"]`,
    `["ceralacca-ledger-head",1,15,7,"${'ab'.repeat(32)}"]`,
  ])
})

test('property: the database gives the canonical form of whatever an entry holds', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0x2100 }).map((code) => String.fromCharCode(code)) }),
  )
  let slot = 0
  await fc.assert(
    fc.asyncProperty(text, fc.array(text), fc.option(text), fc.integer({ min: 0, max: 4e12 }), async (any, list, maybe, at) => {
      const clean = (value: string): string =>
        ledgerEntry('accepted', instantOf(0), { ...FACTS, subject: value }, NOTHING).subject
      const entry = {
        at,
        event: 'accepted' as const,
        pecMsgid: clean(any),
        msgid: maybe === null ? null : clean(maybe),
        sender: clean(any),
        recipients: list.map(clean),
        subject: clean(any),
        related: list.map(clean),
        provider: 'x',
        detail: maybe === null ? null : clean(maybe),
      }
      slot++
      await ledger.append(slot, 1, entry)
      const [found] = await ledger.queries.entries([{ slot, first: 1, last: 1 }])
      assert.equal(found?.line, canonicalForm(slot, 1, entry))
      // Joined, for verifying: of whole seconds only, as all times are that we write; what has another one must not pass for it.
      const whole = { ...entry, at: at - (at % 1000) }
      await ledger.append(slot, 1, whole)
      const ranges = [1, 2].map((seq) => ({ slot, first: seq, last: seq }))
      const [first = '', second = ''] = await ledger.queries.lines(ranges, { from: whole.at, to: at })
      assert.deepEqual(leafHashes(second), leafHash(canonicalForm(slot, 2, whole)))
      assert.equal(leafHashes(first).equals(leafHash(canonicalForm(slot, 1, whole))), at === whole.at)
      const [same] = await entriesOf(database.reader, entry.pecMsgid)
      assert.ok(same)
    }),
    { numRuns: 100 },
  )
})

const FACTS = { pecMsgid: 'a', msgid: null, sender: 's', recipients: [], subject: '' }
const NOTHING = { related: [], provider: 'x' }

test('a chain is sealed after a minute, or with ten thousand entries, in pieces of so many', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const { sealing, clock, append } = ledger
  await append(0)
  assert.deepEqual(await sealing.sealDue(), { segments: 1, entries: 1 })
  await append(1)
  await append(homeOf(1))
  assert.deepEqual(await sealing.sealDue(), { segments: 1, entries: 1 }, 'another chain has waited for longer')
  clock.at += MINUTE - 1
  assert.deepEqual(await sealing.sealDue(), { segments: 0, entries: 0 })
  clock.at += 1
  assert.deepEqual(await sealing.sealDue(), { segments: 1, entries: 1 })
  for (let slot = 0; slot < 5; slot++) await append(slot, 5001)
  assert.deepEqual(await sealing.sealDue(), { segments: 3, entries: 25_005 })
  const { problems, entries } = await ledger.verify()
  assert.deepEqual([problems, entries], [[], 25_008])
})

test('who has the lease seals; it passes when he is gone; and beside one another a chain never forks', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const { clock, append, sealing, queries } = ledger
  const now = (): number => clock.at
  const other = createSealing({ queries, holder: uuidv7(), now })
  await append(7)
  assert.equal((await sealing.sealDue()).segments, 1)
  await append(7)
  clock.at += MINUTE
  assert.equal((await other.sealDue()).segments, 0)
  assert.equal((await sealing.sealDue()).segments, 1)
  await append(7)
  clock.at += 3 * MINUTE
  assert.equal((await other.sealDue()).segments, 1)
  await other.giveBack()
  await append(7)
  clock.at += MINUTE
  assert.equal((await sealing.sealDue()).segments, 1)

  for (let round = 0; round < 5; round++) {
    await Promise.all([append(7, 20), append(8, 20), sealing.sealAll(), other.sealAll(), append(9, 20)])
  }
  await Promise.all([sealing.sealAll(), other.sealAll()])
  const { problems, entries, waiting } = await ledger.verify()
  assert.deepEqual([problems, entries, waiting], [[], 304, 0])
  assert.deepEqual(await findViolations(database.reader, LEDGER_CHECKS), [])
})

test('a clock that goes back takes no chain back, and nothing comes into a day that is closed', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const { clock, append, keeper, queries } = ledger
  await append(7)
  await keeper.sealNow()
  clock.at += DAY_MS
  await append(7)
  await keeper.sealNow()
  clock.at -= 2 * DAY_MS
  await append(7)
  await append(homeOf(2))
  await keeper.sealNow()
  const times = (await Promise.all([queries.segments(0, 0, 9, 9), queries.segments(2, 0, 9, 9)]))
    .flat()
    .map(({ sealedAt }) => sealedAt)
  assert.deepEqual(times, ['2026-03-15T09:30Z', '2026-03-16T09:30Z', '2026-03-16T09:30Z', '2026-03-16T00:00Z'].map(Date.parse))
  assert.deepEqual((await ledger.verify()).problems, [])
})

test('openssl accepts the stamp of a day, over the root that its file says', { skip: skipOpenssl }, async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  await ledger.append(7, 3)
  await ledger.keeper.sealNow()
  ledger.clock.at += DAY_MS
  const { files } = await ledger.keeper.sealNow()
  assert.deepEqual(
    files.map(({ day, entries }) => [day, entries]),
    [['2026-03-15', 3]],
  )
  const { file, token } = dayPaths(ledger.folder, '2026-03-15')
  writeFileSync(join(folder, 'ca.pem'), TEST_CA)
  const root = spawnSync('tail', ['-n', '1', file]).stdout.toString().split('"').at(-2) ?? ''
  const verify = (digest: string) =>
    spawnSync('openssl', [
      'ts',
      '-verify',
      '-digest',
      digest,
      '-in',
      token,
      '-token_in',
      '-CAfile',
      join(folder, 'ca.pem'),
      '-attime',
      String(ledger.clock.at / 1000),
    ])
  const { status, stderr } = verify(root)
  assert.equal(status, 0, stderr.toString())
  assert.notEqual(verify('00'.repeat(32)).status, 0)
})

test('each day has its stamp, also one without mail; days on which nobody was there have none', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const { clock, append, keeper, queries } = ledger
  const days = async () => (await queries.stamps(0, 99)).map(({ day }) => day)
  await keeper.sealNow()
  assert.deepEqual(await days(), [], 'a first start has no yesterday')
  await append(7)
  await keeper.sealNow()
  clock.at += 4 * DAY_MS
  await keeper.sealNow()
  assert.deepEqual(await days(), ['2026-03-15', '2026-03-18'])
  clock.at += DAY_MS
  await keeper.sealNow()
  await keeper.sealNow()
  assert.deepEqual(await days(), ['2026-03-15', '2026-03-18', '2026-03-19'])
  const report = await ledger.verify()
  assert.deepEqual([report.problems, report.files, report.stamps], [[], 3, 3])
})

test('without an authority nothing waits: it is asked again, and after a day somebody is told', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  const { clock, append, keeper, line, events, verify } = ledger
  const names = () => events.splice(0).map(({ name }) => name)
  line.broken = true
  await append(7)
  await keeper.sealNow()
  clock.at += DAY_MS
  await append(7)
  names()
  assert.equal((await keeper.sealNow()).files.length, 1)
  assert.deepEqual(names(), ['ledger-sealed', 'ledger-stamp-failed', 'ledger-file-written'])
  await keeper.sealNow()
  assert.deepEqual(names(), [], 'it is not asked again at once')
  const report = await verify()
  assert.deepEqual([report.problems, report.unstamped], [[], 1])
  clock.at += 6 * MINUTE
  await keeper.sealNow()
  assert.deepEqual(names(), ['ledger-stamp-failed'])
  clock.at += DAY_MS
  await keeper.sealNow()
  assert.deepEqual(names(), ['ledger-stamp-late', 'ledger-stamp-failed', 'ledger-file-written'])
  assert.deepEqual(
    (await verify()).problems.map(({ where, says }) => `${where} ${says}`),
    ['stamp 1 of 2026-03-15 has no time stamp'],
  )
  line.broken = false
  clock.at += 6 * MINUTE
  await keeper.sealNow()
  assert.deepEqual(names(), ['ledger-stamped', 'ledger-stamped'])
  const after = await verify()
  assert.deepEqual([after.problems, after.unstamped], [[], 0])
})
