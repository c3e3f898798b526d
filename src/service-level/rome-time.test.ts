import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayAfter, periodAt, periodOf, romeDayOf, startOfRomeDay } from './rome-time.ts'

test('a day begins at midnight in Italy, in winter and in summer, also on the days on which clocks change', () => {
  assert.equal(new Date(startOfRomeDay('2026-01-15')).toISOString(), '2026-01-14T23:00:00.000Z')
  assert.equal(new Date(startOfRomeDay('2026-07-15')).toISOString(), '2026-07-14T22:00:00.000Z')
  assert.equal(startOfRomeDay('2026-03-30') - startOfRomeDay('2026-03-29'), 23 * 3_600_000)
  assert.equal(startOfRomeDay('2026-10-26') - startOfRomeDay('2026-10-25'), 25 * 3_600_000)
  for (const wrong of ['2026-02-30', '2026-2-3', 'x', '']) assert.throws(() => startOfRomeDay(wrong), { code: 'usage' })
})

test('an instant is in its Italian day, and in its four months', () => {
  assert.equal(romeDayOf(Date.parse('2026-04-30T21:59:59Z')), '2026-04-30')
  assert.equal(romeDayOf(Date.parse('2026-04-30T22:00:00Z')), '2026-05-01')
  assert.equal(dayAfter('2026-12-31'), '2027-01-01')
  assert.deepEqual(periodOf('2026-1'), { name: '2026-1', from: '2026-01-01', to: '2026-05-01' })
  assert.deepEqual(periodOf('2026-3'), { name: '2026-3', from: '2026-09-01', to: '2027-01-01' })
  assert.equal(periodAt(Date.parse('2026-04-30T21:59:59Z')).name, '2026-1')
  assert.equal(periodAt(Date.parse('2026-04-30T22:00:00Z')).name, '2026-2')
  for (const wrong of ['2026-0', '2026-4', '2026', '26-1']) assert.throws(() => periodOf(wrong), { code: 'usage' })
})
