/** The lock on a maildrop, between sessions, between processes, and after one was killed. The clock is the test's. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, mock, test, type TestContext } from 'node:test'
import { openDatabase, type Database } from '../storage/database.ts'
import { lastFirst } from '../storage/test-database.ts'
import { createMaildropLock, freeMaildrops, type MaildropLock } from './maildrop-lock.ts'
import { withStore } from './test-store.ts'

const scope = lastFirst({ after })
const { database, connection, mailbox } = await withStore(scope)

const TIMES = { lease: 30_000, renewal: 10_000 }

/** Locks as processes have them, with the clock that all share. `settled` waits for what they have asked the database. */
function bench(connections = database) {
  const state = { now: Date.UTC(2026, 2, 15, 12), broken: false }
  const reported: string[] = []
  const calls: Promise<unknown>[] = []
  const transactor: Database['transactor'] = {
    ...connections.transactor,
    call<R>(slot: number, sql: string, params: readonly unknown[]): Promise<R[]> {
      if (state.broken) return Promise.reject(new Error('no connection'))
      const call = connections.transactor.call<R>(slot, sql, params)
      calls.push(call)
      return call
    },
  }
  const lock = (): MaildropLock =>
    createMaildropLock({
      database: { ...connections, transactor },
      now: () => state.now,
      report: (error) => reported.push(error instanceof Error ? error.message : ''),
      times: TIMES,
    })
  return { state, reported, lock, settled: () => Promise.all(calls) }
}

test('one session at a time, and the next one as soon as it has gone', async () => {
  const { lock } = bench()
  const [first, second] = [lock(), lock()]
  const owner = await mailbox()
  const lease = await first.acquire(owner)
  assert.ok(lease)
  assert.equal(await first.acquire(owner), undefined)
  assert.equal(await second.acquire(owner), undefined)
  assert.ok(await second.acquire(await mailbox({ beside: owner })), 'another mailbox is free')
  await lease.release()
  const next = await second.acquire(owner)
  assert.ok(next)
  await lease.release()
  assert.equal(await first.acquire(owner), undefined, 'who has given it back cannot give it away again')
  await next.release()
})

test('of many that ask at once exactly one has it', async () => {
  const other = openDatabase(connection, { max: 4 })
  scope.after(() => other.close())
  const [here, there] = [bench().lock(), bench(other).lock()]
  for (let round = 0; round < 20; round++) {
    const owner = await mailbox()
    const leases = await Promise.all([here, there, here, there, there, here].map((lock) => lock.acquire(owner)))
    const held = leases.filter((lease) => lease !== undefined)
    assert.equal(held.length, 1)
    await held[0]?.release()
  }
})

test('a lease that has passed is taken over, and not before', async () => {
  const { state, lock } = bench()
  const owner = await mailbox()
  const lease = await lock().acquire(owner)
  assert.ok(lease)
  state.now += TIMES.lease - 1
  assert.equal(await lock().acquire(owner), undefined)
  state.now += 1
  const next = await lock().acquire(owner)
  assert.ok(next)
  await lease.release()
  assert.equal(await lock().acquire(owner), undefined, 'the late one does not free what is not its own')
  await next.release()
})

/** Timers that go by hand: each call is the time of one renewal. */
function renewals(t: TestContext): () => void {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  return () => mock.timers.tick(TIMES.renewal)
}

test('while its session lives a lease does not pass; a lease that was lost is known to be', async (t) => {
  const { state, reported, lock, settled } = bench()
  const owner = await mailbox()
  const tick = renewals(t)
  const lease = await lock().acquire(owner)
  assert.ok(lease)
  for (let n = 0; n < 5; n++) {
    state.now += TIMES.renewal
    tick()
    await settled()
    assert.equal(lease.lost, false)
    assert.equal(await lock().acquire(owner), undefined)
  }
  // As if the process had slept: another session comes before the renewal.
  state.now += TIMES.lease
  const next = await lock().acquire(owner)
  assert.ok(next)
  tick()
  await settled()
  await lease.release()
  assert.equal(lease.lost, true)
  assert.equal(next.lost, false)
  await next.release()
  assert.deepEqual(reported, [])
})

test('a renewal that fails is reported, and the next one may succeed', async (t) => {
  const { state, reported, lock } = bench()
  const owner = await mailbox()
  const tick = renewals(t)
  const lease = await lock().acquire(owner)
  assert.ok(lease)
  state.broken = true
  tick()
  tick()
  state.broken = false
  state.now += TIMES.lease - 1
  tick()
  await lease.release()
  assert.deepEqual(reported, ['no connection', 'no connection'])
  assert.equal(lease.lost, false)
})

/** A process that takes the lock, says so, and stays. */
const HOLDER = `
const { createMaildropLock } = await import(process.argv[1])
const { openDatabase } = await import(process.argv[2])
const [connection, mailbox, now] = JSON.parse(process.argv[3])
const database = openDatabase(connection, { max: 2 })
const lock = createMaildropLock({ database, now: () => now, report: console.error })
console.log((await lock.acquire(mailbox)) ? 'held' : 'free')
setInterval(() => undefined, 1000)
`

test('a killed process holds it until its lease passes, and then no more', async (t) => {
  const { state, lock } = bench()
  const owner = await mailbox()
  const modules = ['./maildrop-lock.ts', '../storage/database.ts'].map((path) => new URL(path, import.meta.url).href)
  const request = JSON.stringify([connection, owner, state.now])
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, ...modules, request], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => holder.kill('SIGKILL'))
  const [said] = (await once(holder.stdout, 'data')) as [Buffer]
  assert.equal(said.toString(), 'held\n')
  assert.equal(await lock().acquire(owner), undefined)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  assert.equal(await lock().acquire(owner), undefined)
  state.now += TIMES.lease
  const lease = await lock().acquire(owner)
  assert.ok(lease)
  await lease.release()
})

test('who is alone frees what a crash left', async () => {
  const { lock } = bench()
  const owners = [await mailbox(), await mailbox()]
  for (const owner of owners) assert.ok(await lock().acquire(owner))
  await freeMaildrops(database)
  for (const owner of owners) await (await lock().acquire(owner))?.release()
  assert.deepEqual(await database.reader.read('select slot from maildrop_lock where holder is not null'), [])
})
