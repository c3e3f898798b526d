import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DotStuffing } from './dot-stuffing.ts'

/** The whole answer to RETR of a message that comes in these pieces, from behind the first line. */
function wire(pieces: readonly string[]): string {
  const stuffing = new DotStuffing()
  const stuffed = pieces.map((piece) => stuffing.stuff(Buffer.from(piece, 'latin1')).toString('latin1'))
  return `${stuffed.join('')}${stuffing.end()}.\r\n`
}

test('dots at the start of lines are doubled, and nothing else is changed', () => {
  assert.equal(wire(['a\r\n.\r\n..b\r\n.c.\r\n d.\r\n']), 'a\r\n..\r\n...b\r\n..c.\r\n d.\r\n.\r\n')
  assert.equal(wire(['.a\r\n']), '..a\r\n.\r\n')
  assert.equal(wire([]), '.\r\n')
  assert.equal(wire(['', '.']), '..\r\n.\r\n')
  const whole = Buffer.from('no dot here\r\n')
  assert.equal(new DotStuffing().stuff(whole), whole)
})

test('the final dot stands on a line of its own, whatever the message ends with', () => {
  for (const [message, end] of [
    ['a', '\r\n'],
    ['a\r', '\r\n'],
    ['a\n', '\r\n'],
    ['a\r\n', ''],
  ] as const)
    assert.equal(wire([message]), `${message}${end}.\r\n`)
})

const pieces = (...alphabet: string[]) =>
  fc.array(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 8 }), { maxLength: 8 })

/** A client that ends lines with CRLF only, and one that takes every LF for an end. */
const READERS = { '\r\n': (line: string) => line, '\n': (line: string) => line.replace(/\r$/, '') }

test('a client finds the end only at the end, and has the message byte for byte', () => {
  const read = (answer: string, separator: keyof typeof READERS): { message: string; left: string } => {
    const lines = answer.split(separator)
    const end = lines.findIndex((line) => READERS[separator](line) === '.')
    const message = lines.slice(0, end).map((line) => `${line.replace(/^\./, '')}${separator}`)
    return { message: message.join(''), left: lines.slice(end + 1).join(separator) }
  }
  fc.assert(
    fc.property(pieces('a', '.', '\r\n'), (parts) => {
      const message = parts.join('')
      const whole = message === '' || message.endsWith('\r\n') ? message : `${message}\r\n`
      for (const separator of ['\r\n', '\n'] as const)
        assert.deepEqual(read(wire(parts), separator), { message: whole, left: '' })
    }),
  )
  // With bare LF or CR in it, which mail must not have, no reader is led astray, and the one of LF has every byte.
  fc.assert(
    fc.property(pieces('a', '.', '\r', '\n', '\r\n'), (parts) => {
      const message = parts.join('')
      assert.equal(read(wire(parts), '\r\n').left, '')
      const whole = message === '' || message.endsWith('\r\n') ? message : `${message}\r\n`
      assert.deepEqual(read(wire(parts), '\n'), { message: whole, left: '' })
    }),
  )
})

test('the way in which the bytes come makes no difference', () => {
  fc.assert(
    fc.property(pieces('a', '.', '\r', '\n'), (parts) => {
      assert.equal(wire(parts), wire([parts.join('')]))
    }),
  )
})
