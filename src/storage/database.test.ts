import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { openDatabase } from './database.ts'
import { sqlState } from './database-errors.ts'
import { withTestDatabase } from './test-database.ts'

const made = await withTestDatabase({ after })
const { database } = made

const admin = new Client({ ...made.connection })
await admin.connect()
await admin.query(`
  create table counter (slot integer not null, id integer not null, value bigint not null, primary key (slot, id));
  create function count_up(p_slot integer, p_id integer) returns bigint language sql as $$
    insert into counter values (p_slot, p_id, 1)
    on conflict (slot, id) do update set value = counter.value + 1 returning value $$`)
await admin.end()

const value = async (slot: number, id: number): Promise<number | undefined> =>
  (await database.reader.read<{ value: number }>('select value from counter where slot = $1 and id = $2', [slot, id]))[0]?.value

const countUp = (slot: number, id: number) =>
  database.transactor.call<{ count_up: number }>(slot, 'select count_up($1, $2)', [slot, id])

test('gives BIGINT as numbers, DATE as text, BYTEA as buffers', async () => {
  const sql = `select 9007199254740991::bigint as big, array[1, null, -2]::bigint[] as list, '{}'::bigint[] as none,
    date '2024-02-29' as day, 'ab'::bytea as bytes, timestamptz '2024-01-01 00:00+01' as at`
  assert.deepEqual(await database.reader.read(sql), [
    {
      big: Number.MAX_SAFE_INTEGER,
      list: [1, null, -2],
      none: [],
      day: '2024-02-29',
      bytes: Buffer.from('ab'),
      at: new Date('2023-12-31T23:00:00Z'),
    },
  ])
  await assert.rejects(database.reader.read('select 9007199254740993::bigint'), { code: 'bigint-out-of-range', fault: 'bug' })
})

test('the reader cannot write, not even through a function', async () => {
  await assert.rejects(database.reader.read('insert into counter values (1, 1, 1)'), { code: 'write-by-reader', fault: 'bug' })
  await assert.rejects(database.reader.read('select count_up(1, 1)'), { code: 'write-by-reader' })
})

test('many calls at once: each is a transaction of its own, and one that fails harms no other', async () => {
  await countUp(2, 0)
  const calls = Array.from({ length: 300 }, (_, index) =>
    index % 10 === 0
      ? database.transactor.call(2, 'select 1 / ($2::int - 5) from counter where slot = $1', [2, 5])
      : countUp(2, index % 3),
  )
  const results = await Promise.allSettled(calls)
  const failed = results.filter((result) => result.status === 'rejected')
  assert.ok(failed.every(({ reason }) => sqlState(reason) === '22012'))
  const values = await Promise.all([value(2, 0), value(2, 1), value(2, 2)])
  assert.equal(
    values.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    271,
  )
})

test('a call and a transaction stay in their slot', async () => {
  await assert.rejects(database.transactor.call(3, 'select count_up($1, $2)', [4, 1]), { code: 'one-slot-rule' })
  await assert.rejects(
    database.transactor.transact(3, async (tx) => {
      await tx.query('select count_up($1, 1)', [3])
      await tx.query('select count_up($1, 1)', [4])
    }),
    { code: 'one-slot-rule' },
  )
  assert.equal(await value(3, 1), undefined)
})

test('a transaction commits as a whole, and not at all when its work fails', async () => {
  const result = await database.transactor.transact(5, async (tx) => {
    await tx.query('select count_up($1, 1)', [5])
    return tx.query<{ count_up: number }>('select count_up($1, 1)', [5])
  })
  assert.deepEqual(result, [{ count_up: 2 }])
  const failure = new Error('no')
  await assert.rejects(
    database.transactor.transact(5, async (tx) => {
      await tx.query('select count_up($1, 1)', [5])
      throw failure
    }),
    failure,
  )
  assert.equal(await value(5, 1), 2)
})

test('a transaction that goes on after an error is never reported as committed', async () => {
  const work = database.transactor.transact(6, async (tx) => {
    await tx.query('select count_up($1, 1)', [6])
    await tx
      .query('select 1 / 0 from counter where slot = $1', [6])
      .catch((error: unknown) => assert.equal(sqlState(error), '22012'))
  })
  await assert.rejects(work, { code: 'error-in-transaction', fault: 'bug' })
  assert.equal(await value(6, 1), undefined)
})

test('the loser of a deadlock runs again', async () => {
  await countUp(7, 1)
  await countUp(7, 2)
  let runs = 0
  const bothHoldOne = Promise.withResolvers<void>()
  const crosswise = (first: number, second: number) =>
    database.transactor.transact(7, async (tx) => {
      await tx.query('select count_up($1, $2)', [7, first])
      if (++runs === 2) bothHoldOne.resolve()
      await bothHoldOne.promise
      await tx.query('select count_up($1, $2)', [7, second])
    })
  await Promise.all([crosswise(1, 2), crosswise(2, 1)])
  assert.ok(runs >= 3)
  assert.deepEqual([await value(7, 1), await value(7, 2)], [3, 3])
})

test('reference tables are written by reference transactions only', async () => {
  await database.transactor.reference((tx) => tx.query('insert into domain values ($1, now())', ['reference.example']))
  assert.deepEqual(await database.reader.read('select name from domain where name = $1', ['reference.example']), [
    { name: 'reference.example' },
  ])
  await assert.rejects(
    database.transactor.reference((tx) => tx.query('update counter set value = 0')),
    { code: 'one-slot-rule' },
  )
})

test('keeps the SQLSTATE of what is not about the connection', async () => {
  await assert.rejects(database.reader.read('select * from nowhere'), (error) => sqlState(error) === '42P01')
  const full = 'do $$ begin raise disk_full; end $$'
  await assert.rejects(database.reader.read(full), { code: 'database-full', fault: 'temporary' })
})

test('a broken connection is a temporary error, and the next statement works', async () => {
  const own = openDatabase(made.connection, { max: 2 })
  try {
    const kill = `select pid, pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ceralacca' and query like '%pg_sleep%' and pid <> pg_backend_pid()`
    const slow = own.transactor.call(8, 'select pg_sleep(600), slot from counter where slot = $1 or true', [8])
    const behind = own.transactor.transact(8, (tx) => tx.query('select pg_sleep(600) from counter where slot = $1 or true', [8]))
    const outcomes = Promise.allSettled([slow, behind])
    // One that is told to end is still seen for a moment.
    const killed = new Set<number>()
    while (killed.size < 2) for (const { pid } of await database.reader.read<{ pid: number }>(kill)) killed.add(pid)
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.equal((outcome.reason as { code: string }).code, 'database-unavailable')
    }
    assert.deepEqual(await own.transactor.call(8, 'select count_up($1, 1) as n', [8]), [{ n: 1 }])
    assert.deepEqual(await own.transactor.transact(8, (tx) => tx.query('select count_up($1, 1) as n', [8])), [{ n: 2 }])
  } finally {
    await own.close()
  }
})

test('an unreachable database is a temporary error', async () => {
  const nowhere = openDatabase({ ...made.connection, host: made.folder })
  const unavailable = { code: 'database-unavailable', fault: 'temporary' }
  await assert.rejects(nowhere.reader.read('select 1'), unavailable)
  await assert.rejects(nowhere.transactor.call(1, 'select count_up($1, 1)', [1]), unavailable)
  await assert.rejects(
    nowhere.transactor.transact(1, (tx) => tx.query('select count_up($1, 1)', [1])),
    unavailable,
  )
  await nowhere.close()
  await assert.rejects(nowhere.reader.read('select 1'), unavailable)
})
