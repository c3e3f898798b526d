/** What is changed after it was sealed is found, and named. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { after, test, type TestContext } from 'node:test'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { dayPaths } from './day-files.ts'
import { findViolations } from '../storage/consistency.ts'
import { LEDGER_CHECKS } from './consistency.ts'
import { DAY_MS, hashOfLine, segmentLine } from './sealed-lines.ts'
import { openTestLedger, type TestLedger } from './test-ledger.ts'

const scope = lastFirst({ after })
const { connection, folder } = await withTestDatabase(scope)
const MINUTE = 60_000
const DAY = '2026-03-15'

/** A day with three segments in chain 0 and one in chain 1, closed, stamped and written; and what came after it. */
async function sealedLedger(t: TestContext): Promise<TestLedger> {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  for (let round = 0; round < 3; round++) {
    await ledger.append(3, 4)
    await ledger.append(17, 3)
    if (round === 1) await ledger.append(300, 2)
    await ledger.keeper.sealNow()
    ledger.clock.at += MINUTE
  }
  ledger.clock.at += DAY_MS
  await ledger.append(17, 5)
  await ledger.keeper.sealNow()
  await ledger.keeper.stampNow()
  await ledger.append(17, 1)
  return ledger
}

test('a ledger that nobody has changed verifies', async (t) => {
  const { verify, clock } = await sealedLedger(t)
  const all = { entries: 28, deleted: 0, waiting: 1, segments: 5, stamps: 2, unstamped: 0, files: 1, problems: [] }
  assert.deepEqual(await verify(), all)
  assert.deepEqual(await verify({ files: false }), { ...all, files: 0 })
  const day = Date.parse(DAY)
  assert.deepEqual(await verify({ from: day, to: day + DAY_MS - 1 }), { ...all, entries: 23, segments: 4, stamps: 2 })
  assert.deepEqual(await verify({ from: day + DAY_MS }), { ...all, entries: 5, segments: 1, stamps: 2, files: 0 })
  // Certificates end; what they have stamped before stays good.
  clock.at += 20 * 365 * DAY_MS
  assert.deepEqual((await verify()).problems, [])
})

/** An SQL statement that is run as an intruder would, and what verifying says then. Slot 17 has 4-6 in the second segment of chain 0. */
const TAMPERED: Record<string, [sql: string, ...says: string[]]> = {
  'a field of a row': [
    `update ledger_entry set subject = 'altro' where slot = 17 and seq = 5`,
    'entry 17/5: is not what was sealed: subject differ',
  ],
  'two fields of a row': [
    `update ledger_entry set recipients = '{x@pec.it}', detail = 'x' where slot = 17 and seq = 5`,
    'entry 17/5: is not what was sealed: recipients, detail differ',
  ],
  'the time of a row': [
    `update ledger_entry set at = at + interval '1 second' where slot = 17 and seq = 5`,
    'entry 17/5: is not what was sealed: at differ',
  ],
  'the time of a row by a microsecond': [
    `update ledger_entry set at = at + interval '1 microsecond' where slot = 17 and seq = 4`,
    'entry 17/4: is not what was sealed',
  ],
  'a row removed': [`delete from ledger_entry where slot = 17 and seq = 5`, 'entry 17/5: is missing'],
  'two rows exchanged': [
    `update ledger_entry set seq = 1000 where slot = 17 and seq = 4; update ledger_entry set seq = 4 where slot = 17 and seq = 5;
     update ledger_entry set seq = 5 where slot = 17 and seq = 1000`,
    'entry 17/4: is not what was sealed: subject differ',
  ],
  'a row added among the sealed ones': [
    `insert into ledger_entry select slot, seq, at + interval '1 second', event, pec_msgid, msgid, sender, recipients, 'x', related, provider,
       detail from ledger_entry where slot = 17 and seq = 5`,
    'entry 17/5: is there twice',
  ],
  'a row added at the end': [
    `insert into ledger_entry select slot, 99, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail
       from ledger_entry where slot = 17 and seq = 5`,
    'entry 17/99: was added',
  ],
  'a row added in a slot that has none': [
    `insert into ledger_entry select 4095, 1, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail
       from ledger_entry where slot = 17 and seq = 5`,
    'entry 4095/1: was added',
  ],
  'a row removed before it was sealed': [`delete from ledger_entry where slot = 17 and seq = 15`, 'entry 17/15: is missing'],
  'a row with the list of hashes': [
    `with e as (update ledger_entry set subject = 'altro' where slot = 17 and seq = 5)
     update ledger_segment set leaves = overlay(leaves placing sha256('x') from 1 + 32 * 5) where slot = 0 and number = 2`,
    'chain 0, segment 2: its root is not that of its entries',
  ],
  'the list of hashes': [
    `update ledger_segment set leaves = overlay(leaves placing sha256('x') from 1) where slot = 0 and number = 2`,
    'chain 0, segment 2: its list of hashes is not that of its entries',
  ],
  'the root of a segment': [
    `update ledger_segment set root = sha256('x') where slot = 0 and number = 2`,
    'chain 0, segment 2: its hash is not that of its line',
    'chain 0, segment 2: its root is not that of its entries',
  ],
  'the ranges of a segment': [
    `update ledger_segment set lasts = array[lasts[1], lasts[2] - 1] where slot = 0 and number = 2`,
    'chain 0, segment 2: its hash is not that of its line',
    'chain 0, segment 2: its root is not that of its entries',
    'chain 0, segment 3: slot 17 does not go on where it ended',
  ],
  'the time of a segment': [
    `update ledger_segment set sealed_at = sealed_at + interval '1 second' where slot = 0 and number = 2`,
    'chain 0, segment 2: its hash is not that of its line',
  ],
  'the link of the chain': [
    `update ledger_segment set previous = sha256('x') where slot = 0 and number = 3`,
    'chain 0, segment 3: its hash is not that of its line',
  ],
  'a segment removed': [`delete from ledger_segment where slot = 0 and number = 2`, 'chain 0, segment 2: is missing'],
  'the last segment removed': [
    `delete from ledger_segment where slot = 0 and number = 4`,
    'chain 0, segment 4: is missing',
    'stamp 2: segment 4 of chain 0 has another hash',
  ],
  'the row of a chain': [`update ledger_chain set sealed[18] = 1 where slot = 0`, 'chain 0: its end is not where its row says'],
  'the token of a stamp': [
    `update ledger_stamp set token = (select token from ledger_stamp where number = 2) where number = 1`,
    'stamp 1 of 2026-03-15: its time stamp does not hold: other-digest',
    '2026/2026-03-15.tst: is not the time stamp that is stored',
  ],
  'the root of a stamp': [
    `update ledger_stamp set root = sha256('x') where number = 1`,
    'stamp 1 of 2026-03-15: its root is not that of its lines',
    'stamp 2: it does not follow the one before it',
    '2026/2026-03-15.jsonl, line 46: is not what was stamped',
  ],
  'the day of a stamp': [
    `update ledger_stamp set day = '2026-03-14' where number = 1`,
    'stamp 1 of 2026-03-14: its root is not that of its lines',
    '2026/2026-03-14.jsonl: is missing',
    '2026/2026-03-15.jsonl: is of a day that is not stamped',
    'stamp 3: is missing: a day is closed without one',
  ],
  'a head of a stamp': [`update ledger_stamp set numbers[1] = 2 where number = 2`, 'stamp 2: its root is not that of its lines'],
  'a stamp removed': [
    `delete from ledger_stamp where number = 1`,
    'stamp 1: is missing',
    '2026/2026-03-15.jsonl: is of a day that is not stamped',
    'stamp 3: is missing: a day is closed without one',
  ],
}

for (const [name, [sql, ...says]] of Object.entries(TAMPERED)) {
  test(`found: ${name}`, async (t) => {
    const { verify, tamper, clock } = await sealedLedger(t)
    assert.ok((await tamper(sql)) > 0)
    clock.at += MINUTE * 30
    const { problems } = await verify()
    assert.deepEqual(problems.map(({ where, says }) => `${where}: ${says}`).toSorted(), says.toSorted())
  })
}

test('a chain that was sealed anew over a changed row no longer fits to its stamp', async (t) => {
  const { verify, tamper, keeper } = await sealedLedger(t)
  await tamper(`update ledger_entry set subject = 'altro' where slot = 17 and seq = 5`)
  await tamper('delete from ledger_segment where slot = 0')
  await tamper(
    `update ledger_chain set number = 0, hash = decode(repeat('00', 32), 'hex'), sealed = array_fill(1::bigint, array[256]) where slot = 0`,
  )
  await keeper.sealNow()
  const { problems } = await verify()
  assert.ok(problems.some(({ where, says }) => where === 'stamp 1 of 2026-03-15' && says.includes('has another hash')))
})

test('found: a segment that is older than the one before it, though its hash is good', async (t) => {
  const { verify, tamper, queries } = await sealedLedger(t)
  const [last] = await queries.segments(0, 3, 4, 1)
  assert.ok(last)
  const forged = { ...last, sealedAt: Date.parse('2026-03-15T09:31Z') }
  const hash = `'\\x${hashOfLine(segmentLine(forged)).toString('hex')}'`
  await tamper(`update ledger_segment set sealed_at = '2026-03-15T09:31Z', hash = ${hash} where slot = 0 and number = 4`)
  const [found] = (await verify()).problems
  assert.deepEqual(found, { kind: 'segment', where: 'chain 0, segment 4', says: 'it is older than the one before it' })
})

/** What `ceralacca check` finds of it, the cheap way. */
const CHECKED: Record<string, [sql: string, problem: string]> = {
  'a row removed': ['delete from ledger_entry where slot = 17 and seq = 5', 'slot 17'],
  'a row added': [
    `insert into ledger_entry select slot, 99, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail
       from ledger_entry where slot = 17 and seq = 5`,
    'slot 17',
  ],
  'a segment removed': ['delete from ledger_segment where slot = 0 and number = 2', 'chain 0, segment 3'],
  'the last segment removed': ['delete from ledger_segment where slot = 0 and number = 4', 'chain 0'],
  'more sealed than written': ['update ledger_chain set sealed[18] = 99 where slot = 0', 'slot 17'],
  'a stamp removed': ['delete from ledger_stamp where number = 1', 'stamp 2'],
  'a day stamped twice': [`update ledger_stamp set day = '${DAY}'`, 'stamp 1'],
  'a deletion that the ledger does not tell of': [
    `insert into ledger_deletion values (256, 1, 'ledger_entry_first', now(), now(), '{}', '{}', '{}', sha256('x'))`,
    'deletion 1 of chain 1',
  ],
}

for (const [name, [sql, problem]] of Object.entries(CHECKED)) {
  test(`the check finds: ${name}`, async (t) => {
    const { tamper, database } = await sealedLedger(t)
    assert.deepEqual(await findViolations(database.reader, LEDGER_CHECKS), [])
    assert.ok((await tamper(sql)) > 0)
    const found = await findViolations(database.reader, LEDGER_CHECKS)
    assert.ok(
      found.some(({ problems }) => problems.includes(problem)),
      JSON.stringify(found),
    )
  })
}

/** What is done to a file, and what verifying says then. The lines: 1 the day; 2 to 9 the first segment of chain 0 with 7 entries. */
const FILES: Record<string, [change: (text: string) => string, says: string]> = {
  'a line of an entry changed': [(text) => text.replace('mario@', 'maria@'), 'line 3: entry 3/1 is not what was sealed'],
  'a line removed': [(text) => text.replace(/\[1,17,5,[^\n]*\n/, ''), 'line 16: entry 17/5 is not what was sealed'],
  'a line added': [(text) => text.replace(/(\[1,17,6,[^\n]*\n)/, '$1$1'), 'line 18: was added'],
  'two lines exchanged': [
    (text) => text.replace(/(\[1,17,5,[^\n]*\n)(\[1,17,6,[^\n]*\n)/, '$2$1'),
    'line 16: entry 17/5 is not what was sealed',
  ],
  'a segment changed': [
    (text) => text.replace('"ceralacca-ledger-segment",1,0,2,', '"ceralacca-ledger-segment",1,0,9,'),
    'line 18: segment 3 of chain 0 does not follow the one before it',
  ],
  'a segment with another root': [
    (text) => text.replace(/("ceralacca-ledger-segment",1,0,2,.*)"[0-9a-f]{64}","/, `$1"${'0'.repeat(64)}","`),
    'line 10: its root is not that of the entries below it',
  ],
  'a segment removed': [
    (text) => text.replace(/\["ceralacca-ledger-segment",1,1,1[^]*?(?=\["ceralacca-ledger-stamp")/, ''),
    'line 26: chain 1 does not end at its stamped head',
  ],
  'no segment': [(text) => text.replace('-segment",1,0,2,', '-segment",2,0,2,'), 'line 10: is no segment'],
  'the stamp changed': [
    (text) => text.replace('"ceralacca-ledger-stamp",1,1', '"ceralacca-ledger-stamp",1,2'),
    'line 29: is not what was stamped',
  ],
  'cut at the end': [(text) => text.split('\n').slice(0, -3).join('\n'), 'line 44: the end is missing'],
  'another day': [(text) => text.replace(DAY, '2026-03-16'), 'line 1: is not the first line of this day'],
  'the last line end removed': [(text) => text.slice(0, -1), 'line 46: the file has other bytes than were written'],
  'other line ends': [(text) => text.replaceAll('\n', '\r\n'), 'line 1: is not the first line of this day'],
}

for (const [name, [change, says]] of Object.entries(FILES)) {
  test(`found in a file: ${name}`, async (t) => {
    const { verify, folder } = await sealedLedger(t)
    const { file } = dayPaths(folder, DAY)
    assert.equal(statSync(file).mode & 0o777, 0o400)
    const text = readFileSync(file, 'utf8')
    assert.notEqual(change(text), text)
    chmodSync(file, 0o600)
    writeFileSync(file, change(text))
    assert.deepEqual(
      (await verify()).problems.map(({ where, says }) => `${where}: ${says}`),
      [`2026/${DAY}.jsonl, ${says}`],
    )
  })
}

test('found: files that are missing, and one too many', async (t) => {
  const { verify, folder } = await sealedLedger(t)
  const { file, token } = dayPaths(folder, DAY)
  writeFileSync(dayPaths(folder, '2026-03-14').file, '')
  rmSync(token)
  const said = async () => (await verify()).problems.map(({ where, says }) => `${where}: ${says}`)
  assert.deepEqual(await said(), ['2026/2026-03-15.tst: is missing', '2026/2026-03-14.jsonl: is of a day that is not stamped'])
  rmSync(file)
  assert.deepEqual(await said(), ['2026/2026-03-15.jsonl: is missing', '2026/2026-03-14.jsonl: is of a day that is not stamped'])
})

test('a file that is written again has the same bytes, and none is written of what was changed', async (t) => {
  const { folder, files, queries, tamper } = await sealedLedger(t)
  const { file } = dayPaths(folder, DAY)
  const bytes = readFileSync(file)
  rmSync(file)
  const stamp = await queries.stampOfDay(DAY)
  assert.ok(stamp)
  await files.write(stamp)
  assert.deepEqual(readFileSync(file), bytes)
  await tamper(`update ledger_entry set subject = 'altro' where slot = 17 and seq = 5`)
  await assert.rejects(files.write(stamp), { code: 'ledger-damaged' })
  assert.deepEqual(readFileSync(file), bytes)
})
