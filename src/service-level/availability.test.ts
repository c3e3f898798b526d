import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { availabilityOf, joined, markOf, without, type Interval } from './availability.ts'

const MINUTE = 60_000
const PERIOD = { from: 0, to: 122 * 24 * 60 * MINUTE }
const out = (from: number, to: number): Interval => ({ from: from * MINUTE, to: to * MINUTE })

test('the budget of four months is 5 hours and 51 minutes, and half of it for one outage', () => {
  const { budgetMs, share, kept } = availabilityOf(PERIOD, PERIOD, [out(0, 100), out(200, 300)], [])
  assert.equal(Math.floor(budgetMs / MINUTE), 5 * 60 + 51)
  assert.equal(share, 1 - (200 * MINUTE) / PERIOD.to)
  assert.equal(kept, true)
  assert.equal(availabilityOf(PERIOD, PERIOD, [out(0, 176)], []).kept, false)
  assert.equal(availabilityOf(PERIOD, PERIOD, [out(0, 170), out(200, 370), out(400, 412)], []).kept, false)
})

test('what overlaps counts once, what is outside not at all, and maintenance apart', () => {
  const watched = out(100, 1000)
  const outages = [out(50, 110), out(105, 120), out(300, 400), out(990, 2000)]
  const state = availabilityOf(PERIOD, watched, outages, [out(320, 350), out(5000, 6000)])
  assert.equal(state.downMs, (20 + 20 + 50 + 10) * MINUTE)
  assert.equal(state.maintenanceMs, 30 * MINUTE)
  assert.equal(state.longestMs, 50 * MINUTE)
  assert.equal(state.outages, 4)
  assert.equal(state.watchedMs, 900 * MINUTE)
  assert.equal(availabilityOf(PERIOD, null, outages, []).share, null)
})

test('marks are of what is used in all, and of the longest outage against half of it', () => {
  const mark = (downMs: number, longestMs: number): number | null => markOf({ downMs, longestMs, budgetMs: 100 })
  assert.deepEqual([mark(49, 10), mark(50, 10), mark(80, 10), mark(100, 10)], [null, 50, 80, 100])
  assert.deepEqual([mark(24, 24), mark(25, 25), mark(40, 40), mark(50, 50)], [null, 50, 80, 100])
})

test('property: intervals are what minutes are, one by one', () => {
  const intervals = fc.array(fc.tuple(fc.nat(60), fc.nat(20)).map(([from, length]) => ({ from, to: from + length })))
  const minutes = (all: readonly Interval[]): Set<number> =>
    new Set(all.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)))
  fc.assert(
    fc.property(intervals, intervals, (some, others) => {
      const span = { from: 10, to: 70 }
      const [left, right] = [joined(some, span), joined(others, span)]
      const expected = [...minutes(some)].filter((at) => at >= 10 && at < 70 && !minutes(others).has(at))
      const rest = without(left, right)
      assert.deepEqual(
        [...minutes(rest)].toSorted((a, b) => a - b),
        expected.toSorted((a, b) => a - b),
      )
      assert.equal(
        rest.reduce((sum, { from, to }) => sum + to - from, 0),
        expected.length,
      )
    }),
  )
})
