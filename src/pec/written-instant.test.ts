import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { instantOf } from '../base/instant.ts'
import { writtenInstant } from './written-instant.ts'

test('what we write reads back as the same instant', () => {
  const since2005 = fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2090, 0, 1) })
  fc.assert(
    fc.property(since2005, (ms) => {
      const instant = instantOf(ms)
      assert.deepEqual(writtenInstant(instant.day, instant.time, instant.zone), instant)
    }),
  )
})

test('the time zone of the writer stays', () => {
  assert.deepEqual(writtenInstant('01/01/2026', '00:30:00', '-02:30'), {
    ms: Date.UTC(2026, 0, 1, 3, 0, 0),
    day: '01/01/2026',
    time: '00:30:00',
    zone: '-0230',
    rfc5322: 'Thu, 01 Jan 2026 00:30:00 -0230',
  })
})

test('what says no instant', () => {
  const good = ['15/03/2026', '10:30:21', '+0100'] as const
  assert.ok(writtenInstant(...good))
  for (const day of ['', '2026-03-15', '30/02/2026', '15/13/2026', '5/3/2026'])
    assert.equal(writtenInstant(day, good[1], good[2]), null)
  for (const time of ['', '10:30', '24:00:00', '10:60:00', '1:2:3']) assert.equal(writtenInstant(good[0], time, good[2]), null)
  for (const zone of ['', 'CET', '0100', '+1', '+0160', 'Z']) assert.equal(writtenInstant(good[0], good[1], zone), null)
})
