import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CeralaccaError } from '../base/errors.ts'
import { readLdif, textOf, type LdifEntry } from './ldif.ts'
import { writeLdif } from './ldif-writer.ts'

const plain = (entries: readonly LdifEntry[]): unknown =>
  entries.map(({ dn, attributes }) => ({
    dn,
    attributes: attributes.map(({ type, options, value }) => [[type, ...options].join(';'), value.toString('hex')]),
  }))

const read = (text: string): LdifEntry[] => readLdif(Buffer.from(text))
const texts = (text: string): string[] => read(text).flatMap(({ attributes }) => attributes.map(textOf))

test('version, comments, folding, base64, options, any case, CRLF and LF', () => {
  const lines = [
    'version: 1',
    '# a comment',
    '  that goes on',
    'dn: providerName=Uno,o=postacert',
    'ProviderName:Uno',
    'description: a long ',
    '  te',
    ' xt',
    'providerCertificate;Binary:: AAH/',
    'empty:',
    'empty2::',
    'url: https://x/:<',
    '',
    '',
    'dn:: bz1wb3N0YWNlcnQ=',
    'o: postacert',
  ]
  const expected = [
    {
      dn: 'providerName=Uno,o=postacert',
      attributes: [
        ['providername', Buffer.from('Uno').toString('hex')],
        ['description', Buffer.from('a long  text').toString('hex')],
        ['providercertificate;binary', '0001ff'],
        ['empty', ''],
        ['empty2', ''],
        ['url', Buffer.from('https://x/:<').toString('hex')],
      ],
    },
    { dn: 'o=postacert', attributes: [['o', Buffer.from('postacert').toString('hex')]] },
  ]
  for (const end of ['\n', '\r\n']) {
    const entries = read(lines.join(end))
    assert.deepEqual(plain(entries), expected)
    assert.deepEqual(plain(read(`\ufeff${lines.join(end)}${end}`)), expected)
    assert.deepEqual(
      entries.map(({ line, attributes }) => [line, ...attributes.map(({ line }) => line)]),
      [
        [4, 5, 6, 9, 10, 11, 12],
        [15, 16],
      ],
    )
  }
})

test('the examples of RFC 2849: an ordinary entry, base64 and language options', () => {
  assert.deepEqual(
    texts('version: 1\ndn:: b3U95Za25qWt6YOoLG89QWlyaXVz\n# dn:: ou=<JapaneseOU>,o=Airius\nou;lang-ja:: 5Za25qWt6YOo\n'),
    ['営業部'],
  )
  assert.equal(read('dn:: b3U95Za25qWt6YOoLG89QWlyaXVz\no: x\n')[0]?.dn, 'ou=営業部,o=Airius')
})

test('raw UTF-8 in a value is read, also folded in the middle of a character', () => {
  const bytes = Buffer.concat([Buffer.from('dn: o=x\no: citt'), Buffer.of(0xc3), Buffer.from('\n '), Buffer.of(0xa0, 0x0a)])
  assert.equal(textOf(readLdif(bytes)[0]?.attributes[0] ?? assert.fail()), 'città')
})

test('base64 that cannot be read spoils its value, and not the file', () => {
  const entries = read('dn: o=x\no:: AAA\no:: A=AA\no:: AA A\no:: AAAA\n')
  assert.deepEqual(
    entries.flatMap(({ attributes }) => attributes.map(({ value, damaged }) => [value.length, damaged])),
    [
      [0, true],
      [0, true],
      [0, true],
      [3, false],
    ],
  )
  assert.throws(() => textOf(entries[0]?.attributes[0] ?? assert.fail()), { code: 'ldif-malformed', message: /^line 2: / })
})

test('what is no LDIF is refused, with its line', () => {
  const cases: [text: string, code: string, message: RegExp][] = [
    ['dn: o=x\no', 'ldif-malformed', /^line 2: /],
    ['dn: o=x\no: a\n\n\nno: b', 'ldif-malformed', /^line 5: an entry must begin/],
    ['dn:: AAA\no: a', 'ldif-malformed', /^line 1: .*base64/],
    [' x', 'ldif-malformed', /^line 1: a continuation/],
    ['dn: o=x\no: a\n\n b', 'ldif-malformed', /^line 4: a continuation/],
    ['dn: o=x\n\ndn: o=y\no: y', 'ldif-malformed', /^line 1: an entry without/],
    ['dn: o=x\no_o: a', 'ldif-malformed', /^line 2: /],
    ['dn: o=x\no: a\0', 'ldif-malformed', /^line 2: a NUL/],
    ['dn: o=x\no: a\rb', 'ldif-malformed', /^line 2: .*CR/],
    ['dn:: /w==\no: a', 'ldif-malformed', /^line 1: .*UTF-8/],
    [`dn: o=x\n${'o'.repeat(300)}: a`, 'ldif-malformed', /^line 2: /],
    ['version: 2\n', 'ldif-unsupported', /^line 1: .*version/],
    ['dn: o=x\no: a\nphoto:< file:///etc/passwd', 'ldif-unsupported', /^line 3: .*URL/],
    ['dn: o=x\nchangetype: delete', 'ldif-unsupported', /^line 2: change/],
    ['dn: o=x\ncontrol: 1.2.3', 'ldif-unsupported', /^line 2: change/],
  ]
  for (const [text, code, message] of cases) assert.throws(() => read(text), { code, message, fault: 'client' }, text)
})

test('writing: base64 where RFC 2849 asks for it, and lines of 76 characters', () => {
  const written = writeLdif([
    {
      dn: 'o=x',
      attributes: [
        ['plain', 'a: b < c'],
        ['space', ' a'],
        ['colon', ':a'],
        ['less', '<a'],
        ['end', 'a '],
        ['one', ' '],
        ['break', 'a\nb'],
        ['accent', 'à'],
        ['none', ''],
        ['bytes', Buffer.from('a')],
        ['long', 'x'.repeat(200)],
      ],
    },
  ]).toString()
  const lines = written.split('\n')
  assert.ok(lines.every((line) => line.length <= 76))
  assert.ok(lines.some((line) => line.length === 76))
  assert.equal(
    written.slice(0, written.indexOf('long')),
    'version: 1\n\ndn: o=x\nplain: a: b < c\nspace:: IGE=\ncolon:: OmE=\nless:: PGE=\nend:: YSA=\none:: IA==\nbreak:: YQpi\naccent:: w6A=\nnone:\nbytes:: YQ==\n',
  )
})

const description = fc
  .tuple(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,20}$/), fc.option(fc.constantFrom(';binary', ';lang-it')))
  .map(([type, option]) => `${type}${option ?? ''}`)
  .filter((text) => !['dn', 'changetype', 'control'].includes(text.toLowerCase().split(';')[0] ?? ''))
const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.uint8Array({ maxLength: 200 }).map(Buffer.from))
const entry = fc.record({
  dn: fc.string({ unit: 'grapheme', maxLength: 120 }),
  attributes: fc.array(fc.tuple(description, value), { minLength: 1, maxLength: 8 }),
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), (entries) => {
      const expected = entries.map(({ dn, attributes }) => ({
        dn,
        attributes: attributes.map(([name, value]) => [name.toLowerCase(), Buffer.from(value as string).toString('hex')]),
      }))
      assert.deepEqual(plain(readLdif(writeLdif(entries))), expected)
    }),
    { numRuns: 300 },
  )
})

test('whatever the bytes, the answer is entries or a client error', () => {
  const example = readFileSync('test/data/rfc6109-4.5.10-second.ldif')
  const answers = (bytes: Buffer): void => {
    try {
      readLdif(bytes)
    } catch (error) {
      assert.ok(error instanceof CeralaccaError && error.fault === 'client', String(error))
    }
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(example.length - 1), fc.oneof(fc.constantFrom(0, 10, 13, 32, 35, 58, 60), fc.nat(255))), {
        minLength: 1,
        maxLength: 10,
      }),
      fc.nat(example.length),
      (changes, length) => {
        const bytes = Buffer.from(example)
        for (const [at, byte] of changes) bytes[at] = byte
        answers(bytes)
        answers(bytes.subarray(0, length))
      },
    ),
    { numRuns: 300 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => answers(Buffer.from(bytes))))
})

test('the time is linear: many continuations, long lines, many comments', () => {
  const repeated: [piece: string, before: string][] = [
    [' x\n', 'dn: o=x\no: a\n'],
    ['x', 'dn: o=x\no: '],
    ['A', 'dn: o=x\no:: '],
    ['#\n', ''],
    ['\n', ''],
    ['o: a\n', 'dn: o=x\n'],
  ]
  for (const [piece, before] of repeated) {
    const timeOf = (count: number): number => {
      const bytes = Buffer.from(before + piece.repeat(count))
      const times = [1, 2, 3].map(() => {
        const start = performance.now()
        readLdif(bytes)
        return performance.now() - start
      })
      return Math.min(...times)
    }
    timeOf(1000)
    // 32 times the size: 1024 times the time if it were quadratic. Small times are mostly noise.
    assert.ok(timeOf(128_000) < 250 * Math.max(timeOf(4000), 1), JSON.stringify(piece))
  }
})
