import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FORWARD_GIVEN_UP_AFTER, pauseAfter, roomPause } from './retry-schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const middle = (attempts: number): number => pauseAfter(attempts, 0.5)

test('soon at first, never sooner again, and some times a day in the end', () => {
  const pauses = Array.from({ length: 100 }, (_, index) => middle(index + 1))
  assert.deepEqual(
    pauses,
    [...pauses].sort((a, b) => a - b),
  )
  assert.deepEqual(
    [pauses[0], pauses[7], pauses[59], pauses[60], pauses[99]],
    [20_000, 30 * MINUTE, 30 * MINUTE, 6 * HOUR, 6 * HOUR],
  )
})

test('a forward is given up after about a day', () => {
  let waited = 0
  for (let attempt = 1; attempt < FORWARD_GIVEN_UP_AFTER; attempt++) waited += middle(attempt)
  assert.ok(waited > 20 * HOUR && waited < 28 * HOUR, `${waited / HOUR} hours`)
})

test('what failed together comes again apart', () => {
  assert.ok(pauseAfter(3, 0) < pauseAfter(3, 1))
  assert.deepEqual([roomPause(0), roomPause(1)], [10_000, 20_000])
})
