import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStructure } from '../../mime/structure.ts'
import { Arguments } from './arguments.ts'
import { parseFetchItems } from './fetch-items.ts'
import { sectionRange } from './section.ts'
import { formatEnvelope, formatStructure } from './structure-format.ts'

const items = (text: string): ReturnType<typeof parseFetchItems> => {
  const args = new Arguments({ texts: [text], literals: [] })
  const parsed = parseFetchItems(args)
  args.end()
  return parsed
}

const sections = (text: string) =>
  items(text).map((item) => (item.kind === 'section' ? [item.label, item.peek, item.section] : item.kind))

test('items, macros and sections', () => {
  assert.deepEqual(sections('full'), ['flags', 'date', 'size', 'envelope', 'body'])
  assert.deepEqual(sections('(UID body bodystructure)'), ['uid', 'body', 'bodystructure'])
  assert.deepEqual(sections('BODY.PEEK[1.2.header.fields (Subject "x y")]<0.10>'), [
    ['BODY[1.2.HEADER.FIELDS (Subject "x y")]<0>', true, { path: [1, 2], text: 'HEADER.FIELDS', fields: ['Subject', 'x y'] }],
  ])
  assert.deepEqual(sections('body[]'), [['BODY[]', false, { path: [], text: '', fields: [] }]])
  assert.deepEqual(sections('RFC822.HEADER'), [['RFC822.HEADER', true, { path: [], text: 'HEADER', fields: [] }]])
  for (const wrong of [
    '',
    '()',
    'NOTHING',
    'BODY.PEEK',
    'BODY[',
    'BODY[0]',
    'BODY[1.]',
    'BODY[.1]',
    'BODY[MIME]',
    'BODY[1TEXT]',
    'BODY[TEXT.1]',
    'BODY[HEADER.FIELDS]',
    'BODY[HEADER.FIELDS ()]',
    'BODY[]<0>',
    'BODY[]<0.0>',
    'ALL FLAGS',
    'constructor',
    '(FLAGS',
  ]) {
    assert.throws(() => items(wrong), { code: 'imap-syntax' }, wrong)
  }
})

/** The example of RFC 3501 6.4.5, every part naming itself. */
const part = (type: string, body: string): string =>
  `Content-Type: ${type}\r\nContent-Location: ${body.slice(0, 3)}\r\n\r\n${body}`
const multipart = (type: string, boundary: string, ...parts: string[]): string =>
  `Content-Type: multipart/${type}; boundary="${boundary}"\r\n\r\n${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--\r\n`
const EXAMPLE = Buffer.from(
  `Subject: outer\r\n${multipart(
    'mixed',
    'a',
    part('text/plain', 'p1'),
    part('application/octet-stream', 'p2'),
    `Content-Type: message/rfc822\r\n\r\nSubject: three\r\n${multipart('mixed', 'b', part('text/plain', 'p31'), part('x/y', 'p32'))}`,
    multipart(
      'mixed',
      'c',
      part('image/gif', 'p41'),
      `Content-Type: message/rfc822\r\n\r\nSubject: four\r\n${multipart(
        'mixed',
        'd',
        part('text/plain', 'p421'),
        multipart('alternative', 'e', part('text/plain', 'p4221'), part('text/richtext', 'p4222')),
      )}`,
    ),
    'Content-Type: message/rfc822\r\n\r\nSubject: five\r\n\r\nfive\r\n',
  )}`,
)

test('RFC 3501 6.4.5: the part numbers of the example', () => {
  const { root } = parseStructure(EXAMPLE)
  const text = (spec: string): string | undefined => {
    const [item] = items(`BODY[${spec}]`)
    const range = item?.kind === 'section' ? sectionRange(root, item.section) : undefined
    return range && EXAMPLE.toString('latin1', range.from, range.to)
  }
  assert.equal(text(''), EXAMPLE.toString())
  assert.match(text('HEADER') ?? '', /^Subject: outer\r\n.*\r\n\r\n$/s)
  assert.match(text('TEXT') ?? '', /^--a\r\n.*--a--\r\n$/s)
  for (const [spec, body] of Object.entries({
    '1': 'p1',
    '2': 'p2',
    '3.1': 'p31',
    '3.2': 'p32',
    '4.1': 'p41',
    '4.2.1': 'p421',
    '4.2.2.1': 'p4221',
    '4.2.2.2': 'p4222',
    '5.1': 'five\r\n',
  })) {
    assert.equal(text(spec), body, spec)
  }
  assert.match(text('3') ?? '', /^Subject: three\r\n/)
  assert.match(text('3.HEADER') ?? '', /^Subject: three\r\n.*boundary="b"\r\n\r\n$/s)
  assert.match(text('3.TEXT') ?? '', /^--b\r\n.*--b--\r\n$/s)
  assert.match(text('4.2.HEADER') ?? '', /^Subject: four\r\n/)
  assert.equal(text('4.1.MIME'), 'Content-Type: image/gif\r\nContent-Location: p41\r\n\r\n')
  assert.match(text('4.2.2') ?? '', /^--e\r\n.*--e--\r\n$/s)
  assert.equal(text('5.HEADER'), 'Subject: five\r\n\r\n')
  for (const none of ['6', '1.1', '1.HEADER', '1.TEXT', '3.3', '4.3', '5.2', '4.2.2.3']) assert.equal(text(none), undefined, none)
})

test('a message without parts has part 1', () => {
  const message = Buffer.from('Subject: x\r\n\r\nbody')
  const { root } = parseStructure(message)
  assert.deepEqual(sectionRange(root, { path: [1], text: '', fields: [] }), { from: 14, to: 18 })
  assert.deepEqual(sectionRange(root, { path: [1], text: 'MIME', fields: [] }), { from: 0, to: 14 })
  assert.equal(sectionRange(root, { path: [2], text: '', fields: [] }), undefined)
})

test('ENVELOPE and BODYSTRUCTURE (RFC 3501 7.4.2)', () => {
  const message = Buffer.from(
    'Date: Wed, 17 Jul 1996 02:23:25 -0700\r\nSubject: a "b" \\ c\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\n' +
      'To: imap@cac.washington.edu, group: a@b;\r\nMessage-ID: <B27397@x>\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; name="per\xe8"\r\n' +
      'Content-Disposition: attachment; filename=x\r\nContent-Language: it, en\r\n\r\none\r\ntwo\r\n',
    'latin1',
  )
  const { root } = parseStructure(message)
  assert.ok(root.envelope)
  const gray = '(("Terry Gray" NIL "gray" "cac.washington.edu"))'
  assert.equal(
    formatEnvelope(root.envelope),
    `("Wed, 17 Jul 1996 02:23:25 -0700" "a \\"b\\" \\\\ c" ${gray} ${gray} ${gray} ` +
      '((NIL NIL "imap" "cac.washington.edu")(NIL NIL "group" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)) NIL NIL NIL "<B27397@x>")',
  )
  const basic = '"text" "plain" ("charset" "US-ASCII" "name" {4}\r\nper\xe8) NIL NIL "7bit" 10 2'
  assert.equal(formatStructure(root, false), `(${basic})`)
  assert.equal(formatStructure(root, true), `(${basic} NIL ("attachment" ("filename" "x")) ("it" "en") NIL)`)
  assert.equal(
    formatStructure(parseStructure(Buffer.from('Content-Type: multipart/mixed\r\n\r\n')).root, false),
    '(("text" "plain" NIL NIL NIL "7bit" 0 0) "mixed")',
  )
  assert.match(
    formatStructure(parseStructure(EXAMPLE).root, true),
    /^\(\("text" "plain" NIL NIL NIL "7bit" 2 0 NIL NIL NIL "p1"\)/,
  )
})
