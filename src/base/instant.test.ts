import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { instantOf } from './instant.ts'

const HOUR = 3_600_000

/** day, time and zone */
const shown = (ms: number): string[] => {
  const { day, time, zone } = instantOf(ms)
  return [day, time, zone]
}

test('winter and summer time', () => {
  assert.deepEqual(instantOf(Date.UTC(2026, 0, 5, 8, 3, 9)), {
    ms: Date.UTC(2026, 0, 5, 8, 3, 9),
    day: '05/01/2026',
    time: '09:03:09',
    zone: '+0100',
    rfc5322: 'Mon, 05 Jan 2026 09:03:09 +0100',
  })
  assert.equal(instantOf(Date.UTC(2026, 6, 31, 22, 0, 0)).rfc5322, 'Sat, 01 Aug 2026 00:00:00 +0200')
  assert.equal(instantOf(Date.UTC(2025, 11, 31, 23, 0, 0)).rfc5322, 'Thu, 01 Jan 2026 00:00:00 +0100')
})

test('29 March 2026: the clock goes from 02:00 to 03:00', () => {
  const change = Date.UTC(2026, 2, 29, 1)
  assert.deepEqual(shown(change - 1000), ['29/03/2026', '01:59:59', '+0100'])
  assert.deepEqual(shown(change), ['29/03/2026', '03:00:00', '+0200'])
  assert.deepEqual(shown(change - 1), ['29/03/2026', '01:59:59', '+0100'])
})

test('25 October 2026: the clock goes from 03:00 back to 02:00', () => {
  const change = Date.UTC(2026, 9, 25, 1)
  assert.deepEqual(shown(change - 1000), ['25/10/2026', '02:59:59', '+0200'])
  assert.deepEqual(shown(change), ['25/10/2026', '02:00:00', '+0100'])
  assert.deepEqual(shown(change - HOUR), ['25/10/2026', '02:00:00', '+0200'])
})

test('fractions of a second are cut, in the instant and in what is shown', () => {
  const whole = Date.UTC(2026, 4, 1, 10, 0, 59)
  for (const fraction of [0, 1, 500, 999]) assert.deepEqual(instantOf(whole + fraction), instantOf(whole))
  assert.equal(instantOf(whole + 999).ms, whole)
})

test('without an argument it is now', () => {
  const before = Date.now()
  const { ms } = instantOf()
  assert.ok(ms > before - 1000 && ms <= Date.now())
})

test('property: in whatever order instants are asked for, date and zone name the same instant', () => {
  const from = Date.UTC(2020, 0, 1)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 * 366 * 24 * HOUR }), { minLength: 1 }), (offsets) => {
      for (const offset of offsets) {
        const { ms, rfc5322, day, time, zone } = instantOf(from + offset)
        assert.equal(Date.parse(rfc5322), ms)
        const [date, month, year] = day.split('/')
        assert.equal(Date.parse(`${year}-${month}-${date}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`), ms)
        assert.equal(rfc5322.slice(0, 3), new Date(`${year}-${month}-${date}`).toUTCString().slice(0, 3))
      }
    }),
  )
})
