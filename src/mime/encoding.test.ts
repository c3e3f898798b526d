import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeQuotedPrintable } from '../../test/support/quoted-printable.ts'
import { requireTools } from '../../test/support/tools.ts'
import {
  decodeBytes,
  decodeCharset,
  decodeHeaderText,
  encodeBase64Lines,
  encodeQuotedPrintable,
  encodeWords,
} from './encoding.ts'
import { unfold } from './header.ts'

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

const latin1Text = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), size: 'max', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(' ', '\t', '=', 'è', 'a', 'word', '\r\n', '\r', '\n', '.', '=3D'),
    size: 'max',
    maxLength: 300,
  }),
)

test('property: quoted-printable read by the letter of the RFC gives the text back', () => {
  fc.assert(
    fc.property(latin1Text, (text) => assert.equal(decodeQuotedPrintable(encodeQuotedPrintable(text)), text)),
    { numRuns: 500 },
  )
})

test('quoted-printable: escapes are not cut in two wherever a line must break', () => {
  for (let length = 60; length < 90; length++) {
    const text = `${'a'.repeat(length)}èèè${'b'.repeat(80)} \r\n`
    assert.equal(decodeQuotedPrintable(encodeQuotedPrintable(text)), text)
  }
  assert.equal(encodeQuotedPrintable('a'.repeat(76)), 'a'.repeat(76))
  assert.equal(encodeQuotedPrintable('a'.repeat(77)), `${'a'.repeat(75)}=\r\naa`)
})

test('a line of a megabyte is encoded at once', { timeout: 5000 }, () => {
  assert.equal(decodeQuotedPrintable(encodeQuotedPrintable('x'.repeat(1_000_000))).length, 1_000_000)
})

test("Python's quopri agrees", (t) => {
  if (!requireTools(t, 'python3')) return
  const texts = fc.sample(latin1Text, { numRuns: 200, seed: 7 })
  const script =
    'import sys, json, quopri; print(json.dumps([quopri.decodestring(t.encode("latin1")).decode("latin1") for t in json.load(sys.stdin)]))'
  const { stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: JSON.stringify(texts.map(encodeQuotedPrintable)),
    encoding: 'utf8',
  })
  assert.deepEqual(stderr === '' ? JSON.parse(stdout) : stderr, texts)
})

test('property: base64 in lines of at most 76 characters', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const encoded = encodeBase64Lines(Buffer.from(bytes))
      assert.deepEqual(Buffer.from(encoded, 'base64'), Buffer.from(bytes))
      assert.match(encoded, /^(?:.{76}\r\n)*(?:.{1,76}\r\n)?$/)
    }),
  )
})

test('encoded words (the examples of RFC 2047 8, and what writers make of it)', () => {
  const cases: [string, string][] = [
    ['=?ISO-8859-1?Q?a?=', 'a'],
    ['=?ISO-8859-1?Q?a?= b', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a_b?=', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=', 'a b'],
    ['=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>', 'Keith Moore <moore@cs.utk.edu>'],
    [
      '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=',
      'If you can read this you understand the example.',
    ],
    ['=?iso-8859-1?q?Perch=E9?= =?UTF-8?B?4oKs?= =?windows-1252?Q?=80?=', 'Perché€€'],
    // a character cut in two, in Q and in B
    ['=?UTF-8?Q?=E2=82?= =?UTF-8?Q?=AC?=', '€'],
    ['=?UTF-8?B?4oI=?= =?utf-8?B?rA==?=', '€'],
    ['=?UTF-8?Q?=E2=82?= =?utf-8?B?rA==?=', '€'],
    ['=?UTF-8*it?Q?Citt=C3=A0?=', 'Città'],
    ['=?UTF-8?Q?uno?==?UTF-8?Q?due?=', 'unodue'],
    ['prima=?UTF-8?Q?=C3=A8?=dopo', 'primaèdopo'],
    ['=?x-unknown?Q?=C3=A8?=', 'è'],
    ['=?x-unknown?Q?=E8?=', 'è'],
    [latin1('Novità'), 'Novità'],
    ['Novit\xe0', 'Novità'],
    [`${latin1('à')} =?UTF-8?Q?=C3=A0?= \xe0`, 'à à à'],
    ['=?UTF-8?Q??=', ''],
  ]
  for (const [raw, text] of cases) assert.equal(decodeHeaderText(raw), text, raw)
})

test('what is no encoded word stays as it stands', () => {
  for (const raw of [
    '',
    '=?',
    '=?UTF-8?Q?uno',
    '=?UTF-8?X?uno?=',
    '=?UTF-8?Q?u no?=',
    '=??Q?uno?=',
    '=?*it?Q?uno?=',
    '=?UTF-8?Q?a?b?=',
  ]) {
    assert.equal(decodeHeaderText(raw), raw)
  }
})

test('property: any header value is read without an error, and a plain one as it stands', () => {
  const word = fc
    .tuple(
      fc.constantFrom(
        'utf-8',
        'UTF-16',
        'iso-2022-jp',
        'iso-2022-kr',
        'gb18030',
        'x-user-defined',
        '',
        '*',
        'utf-8*it',
        '\u0000',
      ),
      fc.constantFrom('Q', 'b', 'x'),
      fc.string(),
    )
    .map(([charset, encoding, text]) => `=?${charset}?${encoding}?${text}?=`)
  const noise = fc.string({ unit: fc.constantFrom('=?', '?=', '?', 'Q', 'B', '=', '_', ' ', 'utf-8', '\xe8', '\xa0', '=E2') })
  fc.assert(
    fc.property(fc.array(fc.oneof(word, noise)), (pieces) => {
      const text = decodeHeaderText(pieces.join(' '))
      if (!pieces.join('').includes('=?') && /^[\x00-\x7f]*$/.test(pieces.join(''))) assert.equal(text, pieces.join(' '))
    }),
    { numRuns: 500 },
  )
})

test('hostile header values are read in a time that grows with their length', { timeout: 5000 }, () => {
  for (const piece of ['=?', '=?a', '=?a?Q?', '=?a?Q?x?= ', ' ', '?', '=?a?Q?x?=\t', '=?*', '=?a*']) {
    decodeHeaderText(piece.repeat(200_000))
    decodeHeaderText(`=?a?Q?x?=${piece.repeat(200_000)}x`)
  }
})

test('unlabelled bytes are UTF-8 where they can be, else ISO-8859-1; an unknown charset counts as no label', () => {
  assert.equal(decodeBytes(Buffer.from('è')), 'è')
  assert.equal(decodeBytes(Buffer.from([0xe8])), 'è')
  assert.equal(decodeBytes(Buffer.from([0xe8, 0x20])), 'è ')
  assert.equal(decodeBytes(Buffer.from('è')), 'è', 'an error leaves nothing behind')
  assert.equal(decodeCharset(Buffer.from('è'), 'no-such-charset'), 'è')
  assert.equal(decodeCharset(Buffer.from([0xa4]), 'iso-8859-15'), '€')
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', size: 'max', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('à', '€', '\u{1f600}', 'a', ' ', '=?', '?='), size: 'max', maxLength: 200 }),
)

test('property: a text written as a header value reads back, every word whole and on a line of at most 76 characters', () => {
  fc.assert(
    fc.property(anyText, (raw) => {
      // A byte order mark at the start of a text says nothing.
      const text = raw.replace(/[\r\n]/g, '').replace(/^\ufeff+/, '')
      assert.equal(decodeHeaderText(unfold(encodeWords(text))), text)
      const words = encodeWords(text).split('\r\n ')
      const decoded = words.map((word) => {
        assert.ok(word.length <= 75)
        const [, base64] = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/.exec(word) ?? assert.fail(word)
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64 ?? '', 'base64'))
      })
      assert.equal(decoded.join(''), text)
    }),
    { numRuns: 300 },
  )
})

test('line breaks never reach a header', () => {
  assert.equal(decodeHeaderText(unfold(encodeWords('uno\r\nX-Ricevuta: due'))), 'uno X-Ricevuta: due')
})
