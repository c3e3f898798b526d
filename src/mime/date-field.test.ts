import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDateField } from './date-field.ts'

test('RFC 5256 2.2: the day that a Date field names, and its instant', () => {
  const cases: readonly (readonly [value: string, day: number, utc: string | null])[] = [
    ['Sun, 31 Dec 2000 16:01:33 -0800', 20001231, '2001-01-01T00:01:33.000Z'],
    ['31 Dec 2000 16:01:33 PST', 20001231, '2001-01-01T00:01:33.000Z'],
    ['1 Jan 26 09:00 +0100 (CET)', 20260101, '2026-01-01T08:00:00.000Z'],
    ['1 Jan 99 09:00:00 +0000', 19990101, '1999-01-01T09:00:00.000Z'],
    ['1 Jan 2026 09:00:00 boh', 20260101, '2026-01-01T09:00:00.000Z'],
    ['1 Jan 2026 09:00:00 +9999', 20260101, '2026-01-01T09:00:00.000Z'],
    ['1 Jan 2026 25:00:00 +0100', 20260101, '2026-01-01T00:00:00.000Z'],
    ['1 Jan 2026', 20260101, '2026-01-01T00:00:00.000Z'],
    ['31 Feb 2026 09:00:00 +0100', 20260231, null],
  ]
  for (const [value, day, utc] of cases)
    assert.deepEqual(parseDateField(value), { day, ms: utc === null ? null : Date.parse(utc) }, value)
  for (const value of ['', 'ieri', '1 Foo 2026', 'Jan 1 2026']) assert.equal(parseDateField(value), undefined, value)
})
