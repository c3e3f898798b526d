import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { TopOfMessage } from './top-of-message.ts'

function topOf(pieces: readonly string[], lines: number): { top: string; complete: boolean } {
  const wanted = new TopOfMessage(lines)
  const top = pieces.map((piece) => wanted.take(Buffer.from(piece, 'latin1')).toString('latin1')).join('')
  return { top, complete: wanted.complete }
}

test('header, empty line, and so many lines', () => {
  const header = 'Subject: x\r\nX: y\r\n\r\n'
  const whole = `${header}1\r\n\r\n3\r\n`
  for (const [lines, body] of [
    [0, ''],
    [1, '1\r\n'],
    [2, '1\r\n\r\n'],
    [3, '1\r\n\r\n3\r\n'],
  ] as const)
    assert.deepEqual(topOf([whole], lines), { top: `${header}${body}`, complete: true })
  assert.deepEqual(topOf([whole], 4), { top: whole, complete: false })
})

test('a message without a body, without a header, with LF alone, without a last line end', () => {
  assert.deepEqual(topOf(['Subject: x\r\nX: y'], 5), { top: 'Subject: x\r\nX: y', complete: false })
  assert.deepEqual(topOf(['\r\n1\r\n2\r\n'], 1), { top: '\r\n1\r\n', complete: true })
  assert.deepEqual(topOf(['a\nb\n\n1\n2\n'], 1), { top: 'a\nb\n\n1\n', complete: true })
  assert.deepEqual(topOf(['a\r\n \r\n\r\n1'], 1), { top: 'a\r\n \r\n\r\n1', complete: false })
  assert.deepEqual(topOf([], 1), { top: '', complete: false })
})

test('it is what a plain reading says, however the bytes come', () => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n'), maxLength: 6 }), { maxLength: 8 })
  fc.assert(
    fc.property(text, fc.nat(4), (pieces, lines) => {
      const message = pieces.join('')
      const every = message.match(/[^\n]*\n|[^\n]+$/g) ?? []
      const empty = every.findIndex((line) => /^\r?\n$/.test(line))
      const expected = empty < 0 ? every : every.slice(0, empty + 1 + lines)
      assert.equal(topOf(pieces, lines).top, expected.join(''))
    }),
    { numRuns: 500 },
  )
})
