import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Arguments } from './arguments.ts'
import { findCommand } from './command-table.ts'
import { formatDateTime, parseDateTime } from './dates.ts'
import { isSyntaxError, Refusal } from './errors.ts'
import { formatFolderName, formatString } from './strings.ts'

/** What a formatted string looks like to the reader: the literal cut out. */
function argumentsOf(wire: string): Arguments {
  const match = /^\{(\d+)\}\r\n([\s\S]*)$/.exec(wire)
  return match
    ? new Arguments({ texts: ['', ''], literals: [Buffer.from(match[2] ?? '', 'latin1')] })
    : new Arguments({ texts: [wire], literals: [] })
}

test('strings that are written can be read again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const latin1 = text.replace(/[\0\u0100-\uffff]/g, '')
      assert.equal(argumentsOf(formatString(latin1)).string(), latin1)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      assert.equal(argumentsOf(formatFolderName(name, false)).folderName(), name)
    }),
  )
})

test('dates that are written can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(parseDateTime(formatDateTime(seconds * 1000)), seconds * 1000)
    }),
  )
  assert.equal(formatDateTime(Date.UTC(2024, 6, 1, 12)), ' 1-Jul-2024 14:00:00 +0200')
})

test('atoms, quoted strings, 8-bit, NIL', () => {
  const args = new Arguments({ texts: [' atom "q\\"\\\\" nil NILS caff\xe8 ', ''], literals: [Buffer.from('x')] })
  args.space()
  assert.equal(args.atom(), 'atom')
  args.space()
  assert.equal(args.string(), 'q"\\')
  args.space()
  assert.equal(args.nstring(), null)
  args.space()
  assert.equal(args.astring(), 'NILS')
  args.space()
  assert.equal(args.astring(), 'caff\xe8')
  args.space()
  assert.equal(args.astring(), 'x')
  args.end()
})

test('any arguments of any command: parsed, or refused in order', () => {
  const names = [
    'APPEND',
    'AUTHENTICATE',
    'COMPRESS',
    'CREATE',
    'ENABLE',
    'EXPUNGE',
    'UID EXPUNGE',
    'FETCH',
    'UID FETCH',
    'GETQUOTA',
    'GETQUOTAROOT',
    'ID',
    'LIST',
    'LOGIN',
    'LSUB',
    'MOVE',
    'RENAME',
    'SEARCH',
    'SELECT',
    'SETQUOTA',
    'STATUS',
    'STORE',
    'UID COPY',
  ]
  const word = fc.constantFrom(
    ' ',
    ' ',
    ' ',
    '(',
    ')',
    '"',
    '\\',
    '1:*',
    '2',
    'INBOX',
    'FLAGS',
    '+FLAGS',
    'BODY[',
    'HEADER.FIELDS',
    ']',
    '<0.5>',
    'NOT',
    'OR',
    'SUBJECT',
    '"a b"',
    'NIL',
    '%',
    '*',
    'RETURN',
    'STATUS',
    'MESSAGES',
    'CHARSET',
    'UTF-8',
    '$',
    '~',
    'QRESYNC',
    'MODSEQ',
    'CHANGEDSINCE',
    'UNCHANGEDSINCE',
    'USE',
    'UTF8',
    'BINARY[',
    'OLDER',
    'SAVE',
    '\\Seen',
    '"15-Jan-2024 10:00:00 +0100"',
    '&AO-',
    '\xff',
    '\x00',
    '{',
    '1-Jan-2024',
    'BODY.PEEK[1.2.MIME]',
  )
  const text = fc.array(
    fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) }),
    { maxLength: 14 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(text, { minLength: 1, maxLength: 3 }), (name, texts) => {
      const command = findCommand(name) ?? assert.fail(name)
      const joined = texts.map((pieces) => pieces.join(''))
      try {
        command.parse(new Arguments({ texts: joined, literals: joined.slice(1).map((one) => Buffer.from(one, 'latin1')) }))
      } catch (error) {
        assert.ok(isSyntaxError(error) || error instanceof Refusal, String(error))
      }
    }),
    { numRuns: 20_000 },
  )
})
