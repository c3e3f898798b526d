import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExpiryAlarm, markOf, type Expiring } from './expiry-watch.ts'

const DAY = 86_400_000
const END = Date.UTC(2027, 0, 31, 12)

test('the marks are 90, 30, 7 and 1 days before the end, and the end', () => {
  const before = (days: number): number | null => markOf(END, END - days * DAY)
  assert.deepEqual([91, 90, 31, 30, 8, 7, 2, 1, 0.5, 0, -3].map(before), [null, 90, 90, 30, 30, 7, 7, 1, 1, 0, 0])
})

test('each mark is told once, with the days that are left; a new certificate begins anew', async () => {
  let at = END - 100 * DAY
  let certificates: Expiring[] = [
    { what: 'seal', name: 'a', notAfter: END },
    { what: 'tls', name: 'a', notAfter: END + 400 * DAY },
  ]
  const told: string[] = []
  const alarm = createExpiryAlarm({
    certificates: async () => certificates,
    report: (event, data) => told.push(`${event} ${JSON.stringify(data)}`),
    now: () => at,
  })
  for (const days of [100, 91, 90, 89, 30, 29, 6.5, 6, 1, 0.5, -1, -2]) {
    at = END - days * DAY
    await alarm()
  }
  const shown = (days: number): string =>
    `certificate-expiring {"what":"seal","name":"a","until":"2027-01-31T12:00:00.000Z","days":${days}}`
  const expired = 'certificate-expired {"what":"seal","name":"a","until":"2027-01-31T12:00:00.000Z"}'
  assert.deepEqual(told, [shown(90), shown(30), shown(6), shown(1), expired])
  certificates = [{ what: 'seal', name: 'a', notAfter: at + 20 * DAY }]
  await alarm()
  assert.equal(told.length, 6)
})
