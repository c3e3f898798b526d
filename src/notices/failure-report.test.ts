/** Reports of failures (RFC 3464), and what only looks like one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { failureIn } from './failure-report.ts'
import { createReturnPaths } from './return-path.ts'
import { failureReport } from './test-post.ts'

const failed = failureReport('failed', '5.1.1', '550 5.1.1 <mario@example.it>: no such user')

test('a failure is told with its code and the other server’s words', () => {
  assert.equal(failureIn(failed), '5.1.1 550 5.1.1 <mario@example.it>: no such user')
  assert.equal(
    failureIn(failureReport('Failed (gave up)', '4.4.7 (expired)', 'delivery\r\n  time expired')),
    '4.4.7 delivery time expired',
  )
  assert.equal(failureIn(failureReport('failed', '', 'x'.repeat(1000)))?.length, 300)
  assert.equal(failureIn(failureReport('failed', '5.0.0', 'a\u001b[31mb')), '5.0.0 a [31mb')
  const lf = Buffer.from(failed.toString().replaceAll('\r\n', '\n'))
  assert.equal(failureIn(lf), failureIn(failed))
})

test('what is no failure for good is none', () => {
  for (const action of ['delayed', 'delivered', 'relayed', 'expanded', ''])
    assert.equal(failureIn(failureReport(action, '4.0.0', 'x')), null)
  const text = failed.toString()
  for (const other of [
    text.replace('report-type=delivery-status', 'report-type=disposition-notification'),
    text.replace('multipart/report', 'multipart/mixed'),
    text.replace('message/delivery-status', 'text/plain'),
    text.replace(/^Content-Type.*$/m, 'Content-Type: text/plain'),
    '',
  ])
    assert.equal(failureIn(Buffer.from(other)), null)
})

test('any bytes are read, and what is answered is one short printable line', () => {
  const cuts = fc.array(fc.record({ at: fc.nat(failed.length), bytes: fc.uint8Array({ maxLength: 8 }) }), { maxLength: 6 })
  fc.assert(
    fc.property(cuts, (changes) => {
      let bytes = failed
      for (const { at, bytes: put } of changes)
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + put.length)])
      const reason = failureIn(bytes)
      assert.ok(reason === null || /^[24 5]\.\d{1,3}\.\d{1,3}[\x20-\x7e]{0,300}$/.test(reason))
    }),
    { numRuns: 300 },
  )
})

test('an envelope sender names its mail, and no other address does', () => {
  const paths = createReturnPaths('pec.example.it')
  const mail = { slot: 7, id: '019a0000-0000-7000-8000-0123456789ab' }
  const address = paths.of(mail)
  assert.equal(address, 'rimbalzi+007019a00000000700080000123456789ab@pec.example.it')
  assert.deepEqual(paths.read(address), mail)
  assert.deepEqual(paths.read(address.toUpperCase()), mail)
  for (const other of [
    address.replace('pec.', 'pe.'),
    address.replace('+', '-'),
    address.replace('b@', '@'),
    `x${address}`,
    'rimbalzi@pec.example.it',
    '',
  ])
    assert.equal(paths.read(other), undefined)
})
