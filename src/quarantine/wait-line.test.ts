import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWaitLine } from './wait-line.ts'

const refusal = (why: string): Error => new Error(why)

/** Work that ends when it is told to. */
function job(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return {
    end: resolve,
    fail: reject,
    work: async () => {
      log.push(name)
      await promise
      return name
    },
  }
}

test('no more work at once than there are places, in the order in which they came', async () => {
  const log: string[] = []
  const line = createWaitLine({ places: 2, waiting: 10, waitMs: 60_000, refusal })
  const jobs = ['a', 'b', 'c', 'd'].map((name) => job(log, name))
  const done = jobs.map(({ work }) => line.run(work))
  await new Promise(setImmediate)
  assert.deepEqual(log, ['a', 'b'])
  jobs[1]?.end()
  assert.equal(await done[1], 'b')
  await new Promise(setImmediate)
  assert.deepEqual(log, ['a', 'b', 'c'])
  jobs[0]?.fail(new Error('broken'))
  await assert.rejects(done[0] ?? Promise.resolve(), /broken/)
  await new Promise(setImmediate)
  assert.deepEqual(log, ['a', 'b', 'c', 'd'], 'a place is given back also by work that fails')
  for (const { end } of jobs) end()
  assert.deepEqual(await Promise.all(done.slice(2)), ['c', 'd'])
})

test('who finds the line full is sent away at once, who waits too long later', async () => {
  const log: string[] = []
  const line = createWaitLine({ places: 1, waiting: 1, waitMs: 20, refusal })
  const first = job(log, 'first')
  const running = line.run(first.work)
  const second = line.run(job(log, 'second').work)
  await assert.rejects(line.run(job(log, 'third').work), /too many are waiting/)
  await assert.rejects(second, /no turn in 20 ms/)
  first.end()
  assert.equal(await running, 'first')
  const last = job(log, 'last')
  last.end()
  assert.equal(await line.run(last.work), 'last')
  assert.deepEqual(log, ['first', 'last'])
})
