import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeEnvelope } from './parsed-codec.ts'
import { countLines, decodeParsed, encodeParsed, MAX_DEPTH, MAX_PARTS, parseStructure } from './structure.ts'
import type { MimePart } from './structure.ts'

const crlf = (text: string): Buffer => Buffer.from(text.replace(/\n/g, '\r\n'), 'latin1')

const NESTED = `From: "Rossi, Mario" <mario@example.org>
To: undisclosed-recipients:;
Subject: =?utf-8?q?caff=C3=A8?=
  twice
Content-Type: multipart/mixed; boundary="a b"
MIME-Version: 1.0

preamble
--a b
Content-Type: text/plain; charset=utf-8

one
two
--a b \t
Content-Type: message/rfc822
Content-Disposition: inline; filename="postacert.eml"

Subject: inner
Content-Type: multipart/alternative; boundary=a

--a

plain
--a
Content-Type: Text/HTML
Content-Transfer-Encoding: BASE64 (yes)
Content-ID: <x@y>
Content-Language: it, en

PGI+
--a--
epilogue
--a b--
epilogue
`

const body = (message: Buffer, part: MimePart | undefined): string =>
  part ? message.toString('latin1', part.body, part.end) : ''

test('parts are found with their bytes, CRLF or LF', () => {
  for (const message of [crlf(NESTED), Buffer.from(NESTED)]) {
    const eol = message.includes('\r\n') ? '\r\n' : '\n'
    const { root } = parseStructure(message)
    assert.equal(`${root.type}/${root.subtype}`, 'multipart/mixed')
    assert.equal(root.children.length, 2)
    assert.equal(root.envelope?.subject, '=?utf-8?q?caff=C3=A8?=  twice')
    assert.deepEqual(root.envelope?.from, [{ name: 'Rossi, Mario', mailbox: 'mario', host: 'example.org' }])
    const [text, attached] = root.children
    assert.equal(body(message, text), `one${eol}two`)
    assert.equal(text?.lines, 1)
    assert.deepEqual(text?.parameters, [['charset', 'utf-8']])
    assert.deepEqual(attached?.disposition, { type: 'inline', parameters: [['filename', 'postacert.eml']] })
    assert.equal(attached?.lines, countLines(message, attached?.body, attached?.end))
    const inner = attached?.children[0]
    assert.equal(inner?.envelope?.subject, 'inner')
    assert.equal(inner?.start, attached?.body)
    assert.deepEqual(
      inner?.children.map((part) => [part.subtype, body(message, part)]),
      [
        ['plain', 'plain'],
        ['html', 'PGI+'],
      ],
    )
    const html = inner?.children[1]
    assert.equal(html?.encoding, 'base64')
    assert.equal(html?.id, '<x@y>')
    assert.deepEqual(html?.language, ['it', 'en'])
  }
})

test('odd delimiters: at the start of the body, of empty parts, missing at the end, with a longer boundary', () => {
  const message = crlf(
    'Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\nContent-Type: text/html\n\n--b\nA: 1\n--bc\n\nrest\n--b-- \n',
  )
  const { root } = parseStructure(message)
  assert.deepEqual(
    root.children.map((part) => [message.toString('latin1', part.start, part.body), body(message, part)]),
    [
      ['', ''],
      ['Content-Type: text/html\r\n\r\n', ''],
      ['A: 1\r\n--bc\r\n\r\n', 'rest'],
    ],
  )
  const open = crlf('Content-Type: multipart/mixed; boundary=b\n\n--b\n\nfirst\n--b\n\nsecond\n')
  assert.deepEqual(
    parseStructure(open).root.children.map((part) => body(open, part)),
    ['first', 'second\r\n'],
  )
  assert.equal(parseStructure(crlf('Content-Type: multipart/mixed; boundary=b\n\nnothing\n')).root.children.length, 0)
})

test('RFC 2046 5.1.5: a part of a digest is a message by default', () => {
  const message = crlf(
    'Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\ntext\n--b\nContent-Type: text/plain\n\nx\n--b--\n',
  )
  const { root } = parseStructure(message)
  assert.deepEqual(
    root.children.map((part) => part.type),
    ['message', 'text'],
  )
  assert.equal(root.children[0]?.children[0]?.envelope?.subject, 'one')
})

test('an encoded message/rfc822 and a broken type are leaves', () => {
  const encoded = crlf('Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogYQ0KDQo=\n')
  assert.equal(parseStructure(encoded).root.children.length, 0)
  const broken = parseStructure(crlf('Content-Type: text\n\nx\n')).root
  assert.deepEqual([broken.type, broken.subtype, broken.encoding], ['text', 'plain', '7bit'])
})

test('depth and number of parts are bounded, and a hostile message costs little', () => {
  const deep = 'Content-Type: message/rfc822\r\n\r\n'.repeat(20_000)
  let depth = 0
  for (let part: MimePart | undefined = parseStructure(Buffer.from(deep)).root; part; part = part.children[0]) depth++
  assert.equal(depth, MAX_DEPTH + 1)
  const wide = parseStructure(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(100_000)}`))
  assert.equal(countParts(wide.root), MAX_PARTS)
  const start = performance.now()
  for (const value of ['(', ';', '=', '<@,', '"', ';a*0=b', '\\(', ':;', ',<']) {
    const long = value.repeat(300_000)
    parseStructure(Buffer.from(`To: ${long}\r\nContent-Type: text/plain${long}\r\nContent-Disposition: ${long}\r\n\r\n`))
  }
  assert.ok(performance.now() - start < 3000, 'quadratic')
})

const countParts = (part: MimePart): number => part.children.reduce((sum, child) => sum + countParts(child), 1)

/** Pieces that make MIME of random soup more often than random bytes would. */
const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Content-Type: multipart/mixed; boundary=b\r\n',
        'Content-Type: multipart/digest; boundary="c"\n',
        'Content-Type: message/rfc822\r\n',
        'Content-Disposition: attachment; filename*0*=utf-8\'\'a; filename*1="b"\r\n',
        'Subject: x\r\n y\r\n',
        'From: a <b@c>, "d" <e@f>\r\n',
        '\r\n',
        '\n',
        '\r\n--b\r\n',
        '--b--\r\n',
        '--c\n',
        '\n--c--',
        '--b',
      ),
      fc.string({ maxLength: 12, unit: 'binary' }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

function assertWithin(part: MimePart, from: number, to: number): void {
  assert.ok(from <= part.start && part.start <= part.body && part.body <= part.end && part.end <= to)
  let at = part.body
  for (const child of part.children) {
    assertWithin(child, at, part.end)
    at = child.end
  }
}

test('any bytes: never throws, offsets are nested, a part cut out gives the same part', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        soup,
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      (message) => {
        const parsed = parseStructure(message)
        assertWithin(parsed.root, 0, message.length)
        assert.deepEqual(decodeParsed(encodeParsed(parsed)), parsed)
        assert.deepEqual(decodeEnvelope(encodeParsed(parsed).toString()), parsed.root.envelope)
        const check = (part: MimePart): void => {
          const cut = message.subarray(part.start, part.end)
          const again = parseStructure(cut).root
          assert.equal(again.body + part.start, part.body)
          if (part.envelope) assert.deepEqual(shifted(again, part.start), part)
          if (part.lines > 0) assert.equal(part.lines, countLines(cut, part.body - part.start))
          part.children.forEach(check)
        }
        check(parsed.root)
      },
    ),
    { numRuns: 3000 },
  )
})

const shifted = (part: MimePart, by: number): MimePart => ({
  ...part,
  start: part.start + by,
  body: part.body + by,
  end: part.end + by,
  children: part.children.map((child) => shifted(child, by)),
})

test('a message with a hole has the structure of the whole', () => {
  const before = fc.array(fc.constantFrom('--out\r\n\r\ntext\r\n', '--out\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n\r\n'), {
    maxLength: 3,
  })
  fc.assert(
    fc.property(before, soup, before, fc.nat(2), fc.boolean(), (first, inner, last, wraps, split) => {
      const embedded = Buffer.concat([Buffer.from('Message-ID: <a@b>\r\nX: y\r\n'), inner])
      const parsed = parseStructure(embedded).root
      // The slice is the body; or it begins in the middle of it.
      const at = split ? Math.floor((parsed.body + parsed.end) / 2) : parsed.body
      let head = `Subject: envelope\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n${first.join('')}--out\r\nContent-Type: message/rfc822\r\n\r\n`
      let tail = `\r\n${last.join('')}--out--\r\nend`
      for (let wrap = 0; wrap < wraps; wrap++) {
        head = `A: b\r\nContent-Type: multipart/signed; boundary=w${wrap}\r\n\r\n--w${wrap}\r\nContent-Type: message/rfc822\r\n\r\n${head}`
        tail = `${tail}\r\n--w${wrap}\r\n\r\nsignature\r\n--w${wrap}--\r\n`
      }
      const start = Buffer.concat([Buffer.from(head, 'latin1'), embedded.subarray(0, at)])
      const missing = embedded.subarray(at)
      const whole = Buffer.concat([start, missing, Buffer.from(tail, 'latin1')])
      const hole = { at: start.length, length: missing.length, lines: countLines(missing), embedded: parsed }
      assert.deepEqual(parseStructure(Buffer.concat([start, Buffer.from(tail, 'latin1')]), hole), parseStructure(whole))
    }),
    { numRuns: 2000 },
  )
  const wrong = { at: 3, length: 5, lines: 0, embedded: parseStructure(Buffer.from('a: b\r\n\r\n')).root }
  assert.throws(() => parseStructure(Buffer.from('c: d\r\n\r\n'), wrong))
})
