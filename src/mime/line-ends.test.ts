import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hasEightBit, withCrlf } from './line-ends.ts'

const put = (text: string): string => withCrlf(Buffer.from(text, 'latin1')).toString('latin1')

test('bare LF and bare CR become CRLF, what is CRLF stays', () => {
  const cases: [string, string][] = [
    ['', ''],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\nb'],
    ['\n', '\r\n'],
    ['\r', '\r\n'],
    ['\n\n', '\r\n\r\n'],
    ['\r\r\n', '\r\n\r\n'],
    ['\r\n\n', '\r\n\r\n'],
    ['\n\r', '\r\n\r\n'],
    ['\xff\n\x00\r', '\xff\r\n\x00\r\n'],
  ]
  for (const [from, to] of cases) assert.equal(put(from), to, JSON.stringify(from))
})

test('a clean message is the same buffer, not a copy', () => {
  const clean = Buffer.from('a\r\n\r\nb')
  assert.equal(withCrlf(clean), clean)
})

const bytes = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: fc.constantFrom('\r', '\n', '\r\n', 'a') }).map((text) => Buffer.from(text)),
)

test('property: no bare CR or LF is left, nothing else changes, and a second time nothing at all', () => {
  fc.assert(
    fc.property(bytes, (bytes) => {
      const result = withCrlf(bytes)
      const text = result.toString('latin1')
      assert.doesNotMatch(text, /(?<!\r)\n|\r(?!\n)/)
      assert.equal(withCrlf(result), result)
      assert.equal(text, bytes.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n'))
    }),
    { numRuns: 300 },
  )
})

test('a message of line feeds alone costs twice its bytes, not more', { timeout: 10_000 }, () => {
  assert.equal(withCrlf(Buffer.alloc(20_000_000, 10)).length, 40_000_000)
})

test('property: 8bit is any byte beyond 127', () => {
  fc.assert(
    fc.property(bytes, (bytes) =>
      assert.equal(
        hasEightBit(bytes),
        bytes.some((byte) => byte > 127),
      ),
    ),
  )
})

test('an 8-bit byte is found at either side of a mebibyte, and at the very end', () => {
  for (const at of [0, 1024 * 1024 - 1, 1024 * 1024, 3 * 1024 * 1024 - 1]) {
    const large = Buffer.alloc(3 * 1024 * 1024, 0x7f)
    assert.equal(hasEightBit(large), false)
    large[at] = 0x80
    assert.equal(hasEightBit(large), true)
  }
})
