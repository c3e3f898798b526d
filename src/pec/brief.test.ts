import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parseHeader } from '../mime/header.ts'
import { briefOriginal } from './brief.ts'

const sha1 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex')

/** CRLF lines; text of another character set is given as latin1. */
function brief(...lines: string[]): string {
  const message = Buffer.from(lines.join('\r\n'), 'latin1')
  const { bodyStart } = parseHeader(message)
  return briefOriginal(message.subarray(0, bodyStart), message.subarray(bodyStart)).toString('latin1')
}

/** The hash file of a part with nothing but content fields. */
const hashFile = (name: string, body: string, disposition = 'attachment'): string[] => [
  'Content-Type: text/plain; charset=us-ascii;',
  ` name="${name}"`,
  `Content-Disposition: ${disposition};`,
  ` filename="${name}"`,
  'Content-Transfer-Encoding: 7bit',
  '',
  sha1(body),
]

const HEADER = ['From: a@x', 'To: b@x', 'Subject: Uno', 'MIME-Version: 1.0']
const MIXED = [...HEADER, 'Content-Type: multipart/mixed; boundary="b"', '']
const PDF = ['Content-Type: application/pdf; name="a.pdf"', 'Content-Transfer-Encoding: base64', '']

test('an attachment becomes a text file with the SHA-1 of its body as it stands encoded; all else stays', () => {
  const before = [...MIXED, 'preamble', '--b', 'Content-Type: text/html', '', '<p>Testo \xe0</p>', '--b']
  const after = ['--b', '', 'a text without a name', '--b-- ', 'epilogue', '']
  assert.equal(
    brief(...before, ...PDF, 'QUJD', 'REVG', ...after),
    [...before, ...hashFile('a.pdf.hash', 'QUJD\r\nREVG'), ...after].join('\r\n'),
  )
})

test('the line break of the boundary is not part of what is hashed, others are', () => {
  assert.equal(
    brief(...MIXED, '--b', ...PDF, 'QUJD', '', '--b--'),
    [...MIXED, '--b', ...hashFile('a.pdf.hash', 'QUJD\r\n'), '--b--'].join('\r\n'),
  )
})

test('a name or a filename alone makes an attachment; other fields of its header stay where they are', () => {
  const part = [
    'content-ID: <logo>',
    'Content-Transfer-Encoding: base64',
    'CONTENT-DISPOSITION: inline;\r\n\tFileName=logo.png; size=3',
    'X-Other: 1',
    'Content-Type: image/png',
    'Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==',
    'X-Last:\r\n 2',
  ]
  assert.equal(
    brief(...MIXED, '--b', ...part, '', 'AAAA', '--b--'),
    [
      ...MIXED,
      '--b',
      'content-ID: <logo>',
      'X-Other: 1',
      'X-Last:',
      ' 2',
      ...hashFile('logo.png.hash', 'AAAA', 'inline'),
      '--b--',
    ].join('\r\n'),
  )
})

test('also a text with a name, and a type that cannot be read', () => {
  const parts = ['--b', 'Content-Type: text/plain; name=note.txt', '', 'Testo', '--b', 'Content-Type: pdf; name=x', '', 'X']
  assert.equal(
    brief(...MIXED, ...parts, '--b--'),
    [...MIXED, '--b', ...hashFile('note.txt.hash', 'Testo'), '--b', ...hashFile('x.hash', 'X'), '--b--'].join('\r\n'),
  )
})

test('parts without such a parameter stay, whatever their type and disposition', () => {
  const message = [
    ...MIXED,
    '--b',
    'Content-Type: image/png; x-name=a.png',
    'Content-Disposition: attachment; name=a.png',
    '',
    'AAAA',
    '--b',
    'Content-Type: application/octet-stream; filename=a',
    '',
    'BBBB',
    '--b--',
    '',
  ]
  assert.equal(brief(...message), message.join('\r\n'))
  const plain = [...HEADER, 'Content-Disposition: inline', '', 'Testo', '']
  assert.equal(brief(...plain), plain.join('\r\n'))
})

test('multiparts keep their structure at any depth, also when they have a name', () => {
  const outer = [
    ...MIXED,
    '--b',
    'Content-Type: multipart/related; boundary=c; name="gruppo"',
    'Content-Disposition: inline; filename=g',
    '',
  ]
  const inner = ['--c', 'Content-Type: multipart/alternative; boundary=d', '', '--d', '', 'Testo', '--d--', '--c']
  const end = ['--c--', '', '--b--', '']
  assert.equal(
    brief(...outer, ...inner, ...PDF, 'QUJD', ...end),
    [...outer, ...inner, ...hashFile('a.pdf.hash', 'QUJD'), ...end].join('\r\n'),
  )
})

test('an attached message is replaced whole, with or without a name', () => {
  const attached = ['From: c@x', 'Content-Type: multipart/mixed; boundary=i', '', '--i', ...PDF, 'QUJD', '--i--']
  const named = ['Content-Type: message/rfc822; name="lettera.eml"', '']
  const parts = ['--b', ...named, ...attached, '--b', 'Content-Type: Message/RFC822', '', ...attached, '--b--']
  const body = attached.join('\r\n')
  assert.equal(
    brief(...MIXED, ...parts),
    [...MIXED, '--b', ...hashFile('lettera.eml.hash', body), '--b', ...hashFile('message.eml.hash', body), '--b--'].join('\r\n'),
  )
})

test('the messages of a digest, whose type is not written, are replaced too', () => {
  const header = [...HEADER, 'Content-Type: multipart/digest; boundary=b', '']
  assert.equal(
    brief(...header, '--b', '', 'Subject: Due', '', 'Testo', '--b', '--b--'),
    [
      ...header,
      '--b',
      ...hashFile('message.eml.hash', 'Subject: Due\r\n\r\nTesto'),
      '--b',
      ...hashFile('message.eml.hash', ''),
      '--b--',
    ].join('\r\n'),
  )
})

test('a message that is an attachment itself: its own fields stay', () => {
  assert.equal(
    brief(
      'From: a@x',
      'Content-Type: application/pdf; name=a.pdf',
      'Subject: Uno',
      'Content-Transfer-Encoding: base64',
      '',
      'QUJD',
      '',
    ),
    ['From: a@x', 'Subject: Uno', ...hashFile('a.pdf.hash', 'QUJD\r\n')].join('\r\n'),
  )
  assert.equal(
    brief('From: a@x', 'Content-Type: application/pdf; name=a.pdf'),
    ['From: a@x', ...hashFile('a.pdf.hash', '')].join('\r\n'),
  )
})

test('a part without a body, or without even an empty line, gets both, and its other fields keep their line ends', () => {
  const around = (...part: string[]): string => `${MIXED.join('\r\n')}\r\n--b\r\n${part.join('')}`
  const hash = hashFile('x.hash', '').join('\r\n')
  for (const end of ['\r\n--b--', '\r\n\r\n--b--', '\r\n\r\n\r\n--b--']) {
    assert.equal(brief(around('Content-Type: a/b; name=x', end)), around(`${hash}\r\n--b--`))
    assert.equal(brief(around('Content-Type: a/b; name=x\r\nX-Kept: 1', end)), around(`X-Kept: 1\r\n${hash}\r\n--b--`))
  }
  assert.equal(brief(around('Content-Type: a/b; name=x\nX-Kept: 1\n--b--')), around(`X-Kept: 1\n${hash}\r\n--b--`))
  assert.equal(brief(around('X-Kept: 1\nContent-Type: a/b; name=x\n\n\n--b--')), around(`X-Kept: 1\n${hash}\n--b--`))
  assert.equal(brief(around('Content-Type: a/b; name=x')), around(hash))
})

test('a signed message: the attachments of its first part are replaced, the signature stays (RFC 6109 3.3.2.2)', () => {
  const signed = [
    ...HEADER,
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="s"',
    '',
  ]
  const mixed = ['--s', 'Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'Testo', '--b']
  const signature = [
    '--s',
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7s"',
    '',
    'MIIB',
    '--s--',
    '',
  ]
  assert.equal(
    brief(...signed, ...mixed, ...PDF, 'QUJD', '--b--', '', ...signature),
    [...signed, ...mixed, ...hashFile('a.pdf.hash', 'QUJD'), '--b--', '', ...signature].join('\r\n'),
  )
  assert.equal(
    brief(...signed, '--s', ...PDF, 'QUJD', ...signature),
    [...signed, '--s', ...hashFile('a.pdf.hash', 'QUJD'), ...signature].join('\r\n'),
    'a first part that is an attachment itself',
  )
})

test('only the type of the whole makes it S/MIME: a signed part within is a part like others', () => {
  const inner = ['--b', 'Content-Type: multipart/signed; boundary=s', '', '--s', '', 'Testo', '--s']
  assert.equal(
    brief(...MIXED, ...inner, 'Content-Type: application/pkcs7-signature; name=smime.p7s', '', 'MIIB', '--s--', '--b--'),
    [...MIXED, ...inner, ...hashFile('smime.p7s.hash', 'MIIB'), '--s--', '--b--'].join('\r\n'),
  )
})

test('a CMS message stays whole, also one that was signed afterwards; a CMS file attached is a file', () => {
  for (const type of ['application/pkcs7-mime', 'Application/X-PKCS7-MIME']) {
    const cms = [
      `Content-Type: ${type}; smime-type=enveloped-data; name=smime.p7m`,
      'Content-Disposition: attachment; filename=smime.p7m',
    ]
    const whole = [...HEADER, ...cms, '', 'MIIB', '']
    assert.equal(brief(...whole), whole.join('\r\n'))
    const signature = ['--s', 'Content-Type: application/pkcs7-signature; name=smime.p7s', '', 'MIIB', '--s--', '']
    const signed = [...HEADER, 'Content-Type: multipart/signed; boundary=s', '', '--s', ...cms, '', 'MIIB', ...signature]
    assert.equal(brief(...signed), signed.join('\r\n'))
    assert.equal(
      brief(...MIXED, '--b', `Content-Type: ${type}; name="fattura.xml.p7m"`, '', 'MIIB', '--b--'),
      [...MIXED, '--b', ...hashFile('fattura.xml.p7m.hash', 'MIIB'), '--b--'].join('\r\n'),
    )
  }
})

test('the name of the hash file: that of the disposition first, whatever it is written in', () => {
  const named = (...fields: string[]): string =>
    /Content-Type: text\/plain; charset=us-ascii;\r\n ([^\r]*)/.exec(brief(...MIXED, '--b', ...fields, '', 'X', '--b--'))?.[1] ??
    ''
  const pairs: [string[], string][] = [
    [['Content-Type: a/b; name=uno', 'Content-Disposition: attachment; filename=due'], 'name="due.hash"'],
    [['Content-Type: a/b; name=uno', 'Content-Disposition: attachment; filename=""'], 'name="uno.hash"'],
    [['Content-Type: a/b; name='], 'name="part.hash"'],
    [[String.raw`Content-Type: a/b; name="a\"b\\c.txt"`], String.raw`name="a\"b\\c.txt.hash"`],
    [['Content-Type: a/b; name="un file (1).pdf"'], 'name="un file (1).pdf.hash"'],
    [["Content-Type: a/b; name*=utf-8'it'citt%C3%A0.pdf"], "name*=utf-8''citt%C3%A0.pdf.hash"],
    [["Content-Disposition: attachment; filename*0*=iso-8859-1''citt%E0; filename*1=.pdf"], "name*=utf-8''citt%C3%A0.pdf.hash"],
    [['Content-Type: a/b; name="=?iso-8859-1?Q?citt=E0=2Epdf?="'], "name*=utf-8''citt%C3%A0.pdf.hash"],
    [['Content-Type: a/b; name="citt\xc3\xa0.pdf"'], "name*=utf-8''citt%C3%A0.pdf.hash"],
    [['Content-Type: a/b; name="=?UTF-8?B?YQ0KYg==?="'], 'name="a__b.hash"'],
  ]
  for (const [fields, name] of pairs) assert.equal(named(...fields), name)
})

test('a long name is folded in pieces of RFC 2231, and reads back the same', () => {
  const long = 'città '.repeat(60)
  const field = `Content-Type: a/b; name="=?UTF-8?B?${Buffer.from(long).toString('base64')}?="`
  const once = brief(...MIXED, '--b', field, '', 'X', '--b--')
  assert.ok(once.split('\r\n').every((line) => line.length < 100))
  const again = brief(...once.split('\r\n'))
  const name = (text: string): string =>
    decodeURIComponent(Array.from(text.matchAll(/^ filename\*\d+\*=(?:utf-8'')?(.*?);?\r$/gm), (match) => match[1]).join(''))
  assert.equal(name(once), `${long}.hash`)
  assert.equal(name(again), `${long}.hash.hash`)
})
