import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseHeader, unfold } from '../mime/header.ts'
import { decodeHeaderText } from '../mime/encoding.ts'
import { inheritedFields, onBehalfOf, plainField, subjectField } from './fields.ts'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const LONGEST_PREFIX = 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: '

test("the prefix goes before the user's own bytes", () => {
  const cases: [string | null, string][] = [
    [' Convocazione', 'Subject: CONSEGNA: Convocazione'],
    ['Convocazione', 'Subject: CONSEGNA: Convocazione'],
    [' =?iso-8859-1?q?Perch=E9?=  =?UTF-8?B?bm8=?= ', 'Subject: CONSEGNA: =?iso-8859-1?q?Perch=E9?=  =?UTF-8?B?bm8=?='],
    [' uno\r\n\tdue\r\n  tre', 'Subject: CONSEGNA: uno\r\n\tdue\r\n  tre'],
    ['\r\n =?UTF-8?Q?uno?=\r\n =?UTF-8?Q?due?=', 'Subject: CONSEGNA: =?UTF-8?Q?uno?=\r\n =?UTF-8?Q?due?='],
    [null, 'Subject: CONSEGNA: '],
    [' ', 'Subject: CONSEGNA: '],
  ]
  for (const [raw, field] of cases) assert.equal(subjectField('CONSEGNA: ', raw), field)
})

/** The value as a reader sees it, and the length of the longest line. */
function read(field: string): { text: string; longest: number } {
  const [subject, ...more] = parseHeader(Buffer.from(`${field}\r\n\r\n`, 'latin1')).fields
  assert.equal(subject?.name, 'Subject')
  assert.equal(more.length, 0)
  return { text: decodeHeaderText(unfold(subject.value)), longest: Math.max(...field.split('\r\n').map((line) => line.length)) }
}

test('raw 8-bit subjects are written as encoded words, a final "à" included', () => {
  for (const text of ['Perché no? Novità', 'Attività €', '日本', 'à']) {
    const field = subjectField(LONGEST_PREFIX, ` ${latin1(text)} `)
    assert.match(field, /^[\x20-\x7e\r\n]+$/)
    assert.equal(read(field).text, LONGEST_PREFIX + text)
    assert.ok(read(field).longest <= 76)
  }
  assert.equal(read(subjectField('CONSEGNA: ', ' Perch\xe9')).text, 'CONSEGNA: Perché')
})

test('a subject on one line that is too long to be passed on is folded', () => {
  for (const raw of ['x'.repeat(5000), `${'=?UTF-8?Q?x?= '.repeat(400)}fine`]) {
    const { text, longest } = read(subjectField(LONGEST_PREFIX, raw))
    assert.equal(text, LONGEST_PREFIX + decodeHeaderText(raw))
    assert.ok(longest < 998)
  }
})

test('a subject with line breaks that are none for mail keeps to its field', () => {
  for (const raw of [' uno\n due', ' uno\r due', ' uno\r\ndue', ' uno\r\n\r\ndue', ' uno\n\ndue\r']) {
    const field = subjectField('CONSEGNA: ', raw)
    assert.doesNotMatch(field, /\r(?!\n)|(?<!\r)\n|\n(?![ \t])/)
    assert.match(read(field).text, /^CONSEGNA: uno +due$/)
  }
})

test('a value that would break its line, or that latin1 would change, shows "?" instead', () => {
  assert.equal(plainField('To', 'mario@x'), 'To: mario@x')
  assert.equal(plainField('To', 'a\r\nX: y\u0000'), 'To: a??X: y?')
  // The low byte of U+010A is a line feed.
  assert.equal(plainField('X-Mittente', '\u010a\u{1f4e7}\xe0'), 'X-Mittente: ??\xe0')
})

test('on behalf of: the sender in the display name, whatever it is made of', () => {
  const from = (sender: string): string => onBehalfOf(sender, 'posta-certificata@x')
  assert.equal(from('mario@x'), 'From: "Per conto di: mario@x" <posta-certificata@x>')
  assert.equal(from(String.raw`"a\b"@x`), String.raw`From: "Per conto di: \"a\\b\"@x" <posta-certificata@x>`)
  for (const sender of ['perché@x', 'a\r\nBcc: b@x', 'x'.repeat(2000)]) {
    const { fields } = parseHeader(Buffer.from(`${from(sender)}\r\n\r\n`, 'latin1'))
    assert.equal(fields.length, 1)
    const [name, address] = (fields[0]?.value ?? '').split(' <')
    assert.equal(decodeHeaderText(unfold(name ?? '')), `Per conto di: ${sender.replace(/[\r\n]+/g, ' ')}`)
    assert.equal(address, 'posta-certificata@x>')
    assert.ok((fields[0]?.value ?? '').split('\r\n').every((line) => line.length < 120))
  }
})

test('inherited fields: unmodified, in the order of the names, empty ones left out, loose line breaks mended', () => {
  const bytes = Buffer.from('cc:\tb@x\r\nTO: a@x,\r\n\tc@x \r\nTo: \r\nReceived: 1\r\nreceived: 2\n more\rBcc: z\r\n\r\n')
  assert.deepEqual(inheritedFields(parseHeader(bytes), ['Received', 'To', 'Cc']), [
    'Received: 1',
    'received: 2\r\n more Bcc: z',
    'TO: a@x,\r\n\tc@x ',
    'cc:\tb@x',
  ])
})

test('any raw value gives one field that reads like the prefix and the value', () => {
  const folded = fc
    .string({
      unit: fc.constantFrom(
        ' ',
        '\t',
        '\r\n ',
        '\r\n\t',
        'a',
        'à',
        '\xa0',
        '=?UTF-8?Q?=C3=A0?=',
        '=?UTF-8?B?DQo=?=',
        '?=',
        '=?',
        '\u0001',
      ),
    })
    .map(latin1)
  fc.assert(
    fc.property(folded, (raw) => {
      const { text, longest } = read(subjectField(LONGEST_PREFIX, raw))
      const expected = decodeHeaderText(unfold(raw))
      // Line breaks within encoded words stay where the words are kept as they stand, else they become blanks.
      const flat = (value: string): string => value.replace(/[\r\n]+/g, ' ').trimEnd()
      assert.equal(flat(text), flat(LONGEST_PREFIX + expected))
      assert.ok(longest < 998)
    }),
  )
})
