import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  mechanismAndResponse,
  messageNumber,
  noArgument,
  numberAndLines,
  optionalNumber,
  readCommandLine,
  wholeText,
} from './command-line.ts'
import { findCommand } from './command-table.ts'
import { Mistake } from './errors.ts'

test('keyword and argument', () => {
  assert.deepEqual(readCommandLine('stat'), { name: 'STAT', argument: undefined })
  assert.deepEqual(readCommandLine('STAT '), { name: 'STAT', argument: '' })
  assert.deepEqual(readCommandLine('Pass  a b '), { name: 'PASS', argument: ' a b ' })
  assert.deepEqual(readCommandLine(''), { name: '', argument: undefined })
})

test('arguments', () => {
  assert.equal(messageNumber('1'), 1)
  assert.equal(messageNumber(' 0042 '), 42)
  assert.equal(optionalNumber(''), undefined)
  assert.equal(optionalNumber('9999999999'), 9_999_999_999)
  assert.deepEqual(numberAndLines('3 0'), { number: 3, lines: 0 })
  assert.equal(wholeText(' a b '), ' a b ')
  assert.equal(wholeText(Buffer.from('è').toString('latin1')), 'è')
  assert.deepEqual(mechanismAndResponse('plain AGE='), { mechanism: 'PLAIN', initial: 'AGE=' })
  assert.deepEqual(mechanismAndResponse('PLAIN'), { mechanism: 'PLAIN', initial: undefined })
  assert.equal(noArgument(' '), undefined)
})

test('what is no argument is a mistake', () => {
  const wrong: [(argument: string | undefined) => unknown, (string | undefined)[]][] = [
    [noArgument, ['1', 'x']],
    [messageNumber, [undefined, '', '0', '-1', '+1', '1.0', '0x1', 'one', '1 2', '11111111111', '1\t2', '１']],
    [optionalNumber, ['0', 'x', '1 2']],
    [numberAndLines, [undefined, '1', '0 1', '1 -1', '1 x', '1 2 3', '1 11111111111']],
    [wholeText, [undefined, '']],
    [mechanismAndResponse, [undefined, ' ', 'PLAIN a b']],
  ]
  for (const [read, arguments_] of wrong) for (const argument of arguments_) assert.throws(() => read(argument), Mistake)
})

test('any line is either a command or a mistake', () => {
  const keyword = fc.constantFrom('', 'STAT', 'list', 'RETR', 'TOP', 'PASS', 'AUTH', 'APOP', 'x'.repeat(300))
  fc.assert(
    fc.property(keyword, fc.string({ unit: 'binary', maxLength: 30 }), fc.boolean(), (keyword, rest, spaced) => {
      const { name, argument } = readCommandLine(`${keyword}${spaced ? ' ' : ''}${rest}`)
      assert.ok(!name.includes(' '))
      try {
        const work = findCommand(name)?.parse(argument)
        assert.ok(work === undefined || typeof work === 'function')
      } catch (error) {
        assert.ok(error instanceof Mistake)
      }
    }),
    { numRuns: 500 },
  )
})

test('a number that is taken is the number that was sent', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9_999_999_999 }), (number) => messageNumber(String(number)) === number))
})
