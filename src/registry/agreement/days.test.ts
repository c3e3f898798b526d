/** Days in Italy: where summer time begins and ends, and leap days. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { addDays, addYears, dayOf, isDay, startOf } from './days.ts'

test('a day begins at midnight in Italy, in winter and in summer', () => {
  assert.equal(startOf('2026-01-10'), Date.parse('2026-01-09T23:00:00Z'))
  assert.equal(startOf('2026-07-10'), Date.parse('2026-07-09T22:00:00Z'))
  assert.equal(startOf('2026-03-29'), Date.parse('2026-03-28T23:00:00Z'), 'the day on which summer time begins')
  assert.equal(startOf('2026-03-30'), Date.parse('2026-03-29T22:00:00Z'))
  assert.equal(startOf('2026-10-25'), Date.parse('2026-10-24T22:00:00Z'), 'the day on which it ends')
  assert.equal(startOf('2026-10-26'), Date.parse('2026-10-25T23:00:00Z'))
})

test('the first millisecond of a day is of it, the one before is not', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), (days) => {
      const day = addDays('2000-01-01', days)
      assert.equal(dayOf(startOf(day)), day)
      assert.equal(dayOf(startOf(day) - 1), addDays(day, -1))
    }),
  )
})

test('years are added by the calendar', () => {
  assert.equal(addYears('2026-05-31', 1), '2027-05-31')
  assert.equal(addYears('2028-02-29', 1), '2029-02-28')
  assert.equal(addYears('2024-02-29', 4), '2028-02-29')
})

test('what is a day', () => {
  assert.deepEqual(['2026-02-28', '2026-02-29', '2026-2-1', '01/02/2026', '2026-13-01', ''].map(isDay), [
    true,
    false,
    false,
    false,
    false,
    false,
  ])
})
