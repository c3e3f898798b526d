/** Rounds that come again and again: one at a time, whatever becomes of one, until they are stopped. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { periodically } from './periodic.ts'

const EVERY = 1000

test('rounds come when the time has passed, also after one that failed, and never two at once', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const rounds: PromiseWithResolvers<void>[] = []
  const reported: unknown[] = []
  const stop = periodically(
    () => {
      const round = Promise.withResolvers<void>()
      rounds.push(round)
      return round.promise
    },
    { where: 'a test', everyMs: EVERY, report: (name, data) => void reported.push([name, data]) },
  )
  assert.equal(rounds.length, 0)
  mock.timers.tick(EVERY)
  mock.timers.tick(3 * EVERY)
  assert.equal(rounds.length, 1, 'the first one is under way')
  rounds[0]?.reject(new Error('no'))
  await turn()
  assert.match(JSON.stringify(reported), /unexpected-error.*a test/)
  mock.timers.tick(EVERY)
  assert.equal(rounds.length, 2)
  let stopped = false
  const stopping = stop().then(() => (stopped = true))
  await turn()
  assert.equal(stopped, false, 'stopping waits for the round')
  rounds[1]?.resolve()
  await stopping
  mock.timers.tick(5 * EVERY)
  assert.equal(rounds.length, 2)
})

test('the first round may come at once', async () => {
  let rounds = 0
  await periodically(async () => void rounds++, { where: 'a test', everyMs: EVERY, atOnce: true, report: assert.fail })()
  assert.equal(rounds, 1)
})
