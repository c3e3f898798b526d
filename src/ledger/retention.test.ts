/** After 30 months a month of entries goes, with a record of it; what is held stays, and what is left verifies. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, beforeEach, test, type TestContext } from 'node:test'
import { LEDGER_CHECKS } from './consistency.ts'
import { dayPaths } from './day-files.ts'
import { entriesOf } from './queries.ts'
import { DAY_MS } from './sealed-lines.ts'
import { findViolations } from '../storage/consistency.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { openTestLedger, type TestLedger } from './test-ledger.ts'

const scope = lastFirst({ after })
const { connection, folder, database } = await withTestDatabase(scope)
const BOUND = /FROM \(('[^']*'|MINVALUE)\) TO \('([^']*)'\)/

/** As the migration leaves it when it runs at the start of 2026. */
beforeEach(async () => {
  const { Client } = await import('pg')
  const client = new Client(connection)
  await client.connect()
  const { rows } = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'ledger_entry'::regclass and inhrelid <> 'ledger_entry_rest'::regclass`,
  )
  for (const { name } of rows) await client.query(`drop table ${name}`)
  await client.query(`create table ledger_entry_first partition of ledger_entry for values from (minvalue) to ('2026-02-01Z');
    truncate ledger_partition; insert into ledger_partition (slot, name, from_at, to_at) values (0, 'ledger_entry_first', '-infinity', '2026-02-01Z')`)
  await client.end()
})

const at = (text: string): number => Date.parse(`${text}Z`)

/** Entries at the end of March and at the start of April 2026, in one segment; and of another day. */
async function oldLedger(t: TestContext): Promise<TestLedger> {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  ledger.clock.at = at('2026-03-20T10:00:00')
  await ledger.retention.makePartitions()
  await ledger.append(17, 6, { pecMsgid: 'marzo@pec.it' })
  await ledger.append(3000, 2, { pecMsgid: 'marzo@pec.it', sender: 'Anna@pec.it' })
  await ledger.keeper.sealNow()
  ledger.clock.at = at('2026-03-31T23:59:50')
  await ledger.append(17, 2, { pecMsgid: 'notte@pec.it', recipients: ['x@pec.it', 'anna@pec.it'] })
  ledger.clock.at = at('2026-04-01T00:00:10')
  await ledger.append(17, 2, { pecMsgid: 'aprile@pec.it' })
  await ledger.keeper.sealNow()
  ledger.clock.at = at('2026-04-02T00:00:10')
  await ledger.keeper.sealNow()
  return ledger
}

const partitions = async (): Promise<string[]> => {
  const rows = await database.reader.read<{ name: string; bound: string }>(
    `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_class c join pg_inherits i on i.inhrelid = c.oid
     where i.inhparent = 'ledger_entry'::regclass and c.relkind = 'r' order by 1`,
  )
  return rows.flatMap(({ name, bound }) => {
    const [, from, to] = BOUND.exec(bound) ?? []
    return to === undefined ? [] : [`${name} ${from?.slice(1, 8)} ${to.slice(0, 7)}`]
  })
}

const consistent = async (): Promise<void> => assert.deepEqual(await findViolations(database.reader, LEDGER_CHECKS), [])

test('partitions are made ahead of time, once, and take over what came before them', async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  ledger.clock.at = at('2026-12-31T12:00:00')
  await ledger.append(5, 3)
  ledger.clock.at = at('2026-11-30T12:00:00')
  await ledger.retention.makePartitions()
  await Promise.all([ledger.retention.makePartitions(), ledger.retention.makePartitions()])
  assert.deepEqual(await partitions(), [
    'ledger_entry_2026_11 2026-11 2026-12',
    'ledger_entry_2026_12 2026-12 2027-01',
    'ledger_entry_2027_01 2027-01 2027-02',
    'ledger_entry_2027_02 2027-02 2027-03',
    'ledger_entry_first INVALUE 2026-02',
  ])
  const [row] = await database.reader.read<{ name: string }>('select distinct tableoid::regclass::text as name from ledger_entry')
  assert.equal(row?.name, 'ledger_entry_2026_12')
  await consistent()
})

test('a month goes 30 months after its end, not before; what is left verifies', async (t) => {
  const { clock, retention, verify, events, keeper, tamper } = await oldLedger(t)
  clock.at = at('2028-09-30T23:59:59')
  assert.deepEqual(await retention.dropOld(), ['ledger_entry_first'])
  clock.at = at('2028-10-01T00:00:00')
  assert.deepEqual(await retention.dropOld(), ['ledger_entry_2026_03'])
  assert.deepEqual(events.at(-1), {
    name: 'ledger-dropped',
    data: { name: 'ledger_entry_2026_03', before: '2026-04-01T00:00:00.000Z', entries: 10, kept: 0 },
  })
  assert.ok(!(await partitions()).some((name) => name.startsWith('ledger_entry_2026_03')))
  const report = await verify()
  assert.deepEqual(report.problems, [])
  assert.deepEqual([report.entries, report.deleted, report.waiting], [2, 10, 2])
  await consistent()
  await keeper.sealNow()
  assert.deepEqual((await verify()).problems, [])
  const [entry] = await entriesOf(database.reader, 'deletion-0-1')
  assert.deepEqual(
    [entry?.event, entry?.slot, entry?.subject],
    ['entries-deleted', 0, '8 entries from before 2026-04-01T00:00:00.000Z deleted'],
  )
  assert.deepEqual(await retention.dropOld(), [])
  // What was not in the deletion is missed as before, in the same segment too.
  await tamper('delete from ledger_entry where slot = 17 and seq = 9')
  assert.deepEqual(
    (await verify()).problems.map(({ where, says }) => `${where} ${says}`),
    ['entry 17/9 is missing'],
  )
})

test('nothing goes that is not sealed, not stamped, or without its files', async (t) => {
  const { clock, retention, append, keeper, line, events, folder: files } = await oldLedger(t)
  const why = async () => {
    assert.deepEqual(await retention.dropOld(), [])
    return events.findLast(({ name }) => name === 'ledger-drop-waits')?.data
  }
  clock.at = at('2026-03-20T10:00:00')
  await append(40, 1)
  clock.at = at('2028-10-01T00:00:00')
  assert.deepEqual(await retention.dropOld(), ['ledger_entry_first'])
  assert.deepEqual(await why(), { name: 'ledger_entry_2026_03', reason: 'entry 40/1 is not sealed' })
  line.broken = true
  await keeper.sealNow()
  assert.deepEqual(await why(), { name: 'ledger_entry_2026_03', reason: '2028-10-01 has no time stamp or no file yet' })
  clock.at += DAY_MS
  await keeper.sealNow()
  assert.deepEqual(await why(), { name: 'ledger_entry_2026_03', reason: '2028-10-01 has no time stamp or no file yet' })
  line.broken = false
  clock.at += DAY_MS
  await keeper.sealNow()
  rmSync(dayPaths(files, '2026-03-20').file)
  assert.deepEqual(await why(), { name: 'ledger_entry_2026_03', reason: 'the files of 2026-03-20 are not in the folder' })
})

test('what a hold concerns stays, and verifies', async (t) => {
  const { clock, retention, verify, holds, keeper, tamper } = await oldLedger(t)
  await holds.add('mailbox', 'ANNA@pec.it', 'Procura')
  await holds.add('message', '<altro@pec.it>', 'Procura')
  await assert.rejects(holds.add('mailbox', 'anna@pec.it', 'x'), { code: 'hold-there' })
  clock.at = at('2028-10-05T00:00:00')
  assert.deepEqual(await retention.dropOld(), ['ledger_entry_first', 'ledger_entry_2026_03'])
  assert.deepEqual(
    (await entriesOf(database.reader, 'marzo@pec.it')).map(({ slot, seq }) => `${slot}/${seq}`),
    ['3000/1', '3000/2'],
  )
  assert.equal((await entriesOf(database.reader, 'notte@pec.it')).length, 2)
  await keeper.sealNow()
  const report = await verify()
  assert.deepEqual(report.problems, [])
  assert.equal(report.deleted, 6)
  await consistent()
  await tamper(`update ledger_entry set sender = 'altro' where slot = 3000 and seq = 2`)
  assert.deepEqual(
    (await verify()).problems.map(({ where, says }) => `${where} ${says}`),
    ['entry 3000/2 is not what was sealed: sender differ'],
  )
  await tamper('delete from ledger_entry where slot = 3000 and seq = 2')
  assert.deepEqual(
    (await verify()).problems.map(({ where, says }) => `${where} ${says}`),
    ['entry 3000/2 is missing'],
  )
  await holds.remove('message', 'altro@pec.it')
  await assert.rejects(holds.remove('message', 'altro@pec.it'), { code: 'hold-missing' })
  assert.deepEqual(
    (await holds.list()).map(({ value }) => value),
    ['anna@pec.it'],
  )
})

test('when its hold is removed, what it kept goes, with a record of it', async (t) => {
  const { clock, retention, verify, holds, keeper } = await oldLedger(t)
  await holds.add('mailbox', 'anna@pec.it', 'Procura')
  await holds.add('message', 'notte@pec.it', 'Procura')
  clock.at = at('2028-10-05T00:00:00')
  await retention.dropOld()
  assert.equal(await retention.dropReleased(), 0)
  await keeper.sealNow()
  await holds.remove('mailbox', 'anna@pec.it')
  assert.equal(await retention.dropReleased(), 2)
  assert.equal(await retention.dropReleased(), 0)
  await consistent()
  await keeper.sealNow()
  const report = await verify()
  assert.deepEqual([report.problems, report.deleted], [[], 8])
  assert.equal((await entriesOf(database.reader, 'notte@pec.it')).length, 2)
  assert.equal((await entriesOf(database.reader, 'marzo@pec.it')).length, 0)
  assert.equal((await entriesOf(database.reader, 'deletion-11-1')).length, 1)
})

test('a drop that was cut short is completed with what was recorded, and keeps what is held meanwhile', async (t) => {
  const { clock, retention, retained, verify, holds, keeper } = await oldLedger(t)
  clock.at = at('2028-10-05T00:00:00')
  const { record, drop } = retained
  const cut = new Error('cut')
  retained.record = async (deletion, entry) => {
    if (deletion.chain > 0) throw cut
    return record(deletion, entry)
  }
  await assert.rejects(retention.dropOld(), cut)
  retained.record = record
  retained.drop = () => Promise.reject(cut)
  await assert.rejects(retention.dropOld(), cut)
  retained.drop = drop
  await consistent()
  await keeper.sealNow()
  assert.deepEqual((await verify()).problems, [])
  await holds.add('message', 'notte@pec.it', 'Procura')
  assert.deepEqual(await retention.dropOld(), ['ledger_entry_2026_03'])
  assert.equal((await entriesOf(database.reader, 'notte@pec.it')).length, 2)
  assert.equal((await entriesOf(database.reader, 'marzo@pec.it')).length, 0)
  await keeper.sealNow()
  assert.deepEqual((await verify()).problems, [])
})

const FORGED: Record<string, [sql: string, ...says: string[]]> = {
  'a range that was added': [
    `update ledger_deletion set lasts[1] = lasts[1] + 1 where slot = 0; delete from ledger_entry where slot = 17 and seq = 9`,
    'deletion 1 of chain 0: its hash is not that of its line',
  ],
  'a deletion that the ledger does not tell of': [
    `insert into ledger_deletion select slot, 2, 'x', before, at, slots, firsts, lasts, hash from ledger_deletion where slot = 0`,
    'deletion 2 of chain 0: its hash is not that of its line',
  ],
  'a deletion removed': [`delete from ledger_deletion where slot = 0`, 'entry 17/1: is missing', 'entry 17/7: is missing'],
  'its entry removed': [
    `delete from ledger_entry where event = 'entries-deleted' and slot = 0`,
    'deletion 1 of chain 0: is not the one that the ledger tells of',
    'entry 0/1: is missing',
  ],
}

for (const [name, [sql, ...says]] of Object.entries(FORGED)) {
  test(`found: ${name}`, async (t) => {
    const { clock, retention, verify, keeper, tamper } = await oldLedger(t)
    clock.at = at('2028-10-05T00:00:00')
    await retention.dropOld()
    await keeper.sealNow()
    assert.ok((await tamper(sql)) > 0)
    assert.deepEqual((await verify()).problems.map(({ where, says }) => `${where}: ${says}`).toSorted(), says.toSorted())
  })
}
