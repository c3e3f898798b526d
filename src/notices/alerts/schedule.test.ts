/** When messages are told, also on the days on which the clocks in Italy are changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestTime, type Rhythm } from './schedule.ts'

const at = (rhythm: Partial<Rhythm>, now: string): string =>
  new Date(digestTime({ frequency: 'daily', hour: 9, toldAt: null, ...rhythm }, Date.parse(now))).toISOString()

test('at once waits for more that comes together, and a minute after the last one', () => {
  const now = '2026-03-15T09:00:00.000Z'
  const told = (time: string) => ({ frequency: 'at-once', toldAt: new Date(time) }) as const
  assert.equal(at({ frequency: 'at-once' }, now), '2026-03-15T09:00:10.000Z')
  assert.equal(at(told('2026-03-15T08:59:30Z'), now), '2026-03-15T09:00:30.000Z')
  assert.equal(at(told('2026-03-15T08:00:00Z'), now), '2026-03-15T09:00:10.000Z')
})

test('hourly is on the next hour, never on this one', () => {
  assert.equal(at({ frequency: 'hourly' }, '2026-03-15T09:59:59.999Z'), '2026-03-15T10:00:00.000Z')
  assert.equal(at({ frequency: 'hourly' }, '2026-03-15T10:00:00.000Z'), '2026-03-15T11:00:00.000Z')
})

test('daily is at the hour in Italy, today or tomorrow', () => {
  assert.equal(at({}, '2026-01-10T07:59:59Z'), '2026-01-10T08:00:00.000Z')
  assert.equal(at({}, '2026-01-10T08:00:00Z'), '2026-01-11T08:00:00.000Z')
  assert.equal(at({ hour: 0 }, '2026-01-10T22:30:00Z'), '2026-01-10T23:00:00.000Z')
  assert.equal(at({ hour: 23 }, '2026-07-10T22:30:00Z'), '2026-07-11T21:00:00.000Z')
})

test('when clocks are changed it stays at the hour, and what is skipped is the next one', () => {
  // 29 March 2026: after 01:59 comes 03:00; 25 October 2026: after 02:59 comes 02:00.
  assert.equal(at({}, '2026-03-29T00:00:00Z'), '2026-03-29T07:00:00.000Z')
  assert.equal(at({ hour: 2 }, '2026-03-29T00:00:00Z'), '2026-03-29T01:00:00.000Z')
  assert.equal(at({}, '2026-10-25T00:00:00Z'), '2026-10-25T08:00:00.000Z')
  assert.equal(at({ hour: 2 }, '2026-10-24T23:00:00Z'), '2026-10-25T00:00:00.000Z')
})
