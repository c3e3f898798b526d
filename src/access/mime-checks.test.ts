import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findMimeProblem } from './mime-checks.ts'
import { parseHeader } from '../mime/header.ts'

const problem = (text: string): string | undefined => {
  const bytes = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')
  const found = findMimeProblem(bytes, parseHeader(bytes))
  if (found) assert.equal(found.code, 'bad-mime')
  return found?.reason
}

const multipart = (boundary: string, ...parts: string[]): string =>
  `Content-Type: multipart/mixed; boundary="${boundary}"\n\n${parts.map((part) => `--${boundary}\n${part}\n`).join('')}--${boundary}--\n`

const TEXT = 'Content-Type: text/plain\n\ntesto'

const GOOD: Record<string, string> = {
  'no MIME at all': 'Subject: x\n\ntesto',
  'a text that looks like parts': `Subject: x\n\n${multipart('b', TEXT)}`,
  'two parts': multipart('b', TEXT, TEXT),
  'parts within parts': multipart('b', TEXT, multipart('c', TEXT)),
  'a boundary that begins like another': multipart('b', TEXT, multipart('bb', TEXT)),
  'an empty part': multipart('b', TEXT, ''),
  'a part of a header alone': multipart('b', 'Content-Type: text/plain\n'),
  'an empty last part': 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--',
  'text around the parts': `${multipart('b', TEXT).replace('\n\n', '\n\nbefore\n')}after\n`,
  'blanks behind the delimiters': multipart('b', TEXT).replaceAll('--b\n', '--b  \n').replace('--b--', '--b--\t '),
  'an enclosed message that was cut off on its way here': multipart(
    'b',
    'Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ncut',
  ),
  'an enclosed message alone': 'Content-Type: message/rfc822\n\nSubject: x\n\ny',
}

const BAD: Record<string, [RegExp, string]> = {
  'no boundary': [/mancante o troppo lungo/, 'Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n'],
  'an empty boundary': [/mancante o troppo lungo/, 'Content-Type: multipart/mixed; boundary=""\n\n----\n\n------\n'],
  'an endless boundary': [/mancante o troppo lungo/, multipart('b'.repeat(71), TEXT)],
  'a boundary that never comes': [/nessuna parte/, 'Content-Type: multipart/mixed; boundary=b\n\ntesto\n'],
  'an end alone': [/nessuna parte/, 'Content-Type: multipart/mixed; boundary=b\n\n--b--\n'],
  'no end': [/finale mancante/, multipart('b', TEXT).replace('--b--\n', '')],
  'an end that is a part': [/finale mancante/, multipart('b', TEXT).replace('--b--', '--b')],
  'an end cut short': [/finale mancante/, multipart('b', TEXT).replace('--b--\n', '--b-')],
  'no end of the parts within': [/finale mancante/, multipart('b', multipart('c', TEXT).replace('--c--\n', ''))],
  'no end of a multipart/digest': [/finale mancante/, 'Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n'],
}

for (const [name, text] of Object.entries(GOOD)) {
  test(`accepted: ${name}`, () => assert.equal(problem(text), undefined))
}

for (const [name, [reason, text]] of Object.entries(BAD)) {
  test(`refused: ${name}`, () => assert.match(problem(text) ?? 'nothing', reason))
}

test('parts within parts, as deep as they are looked into and deeper', () => {
  const deep = (levels: number): string => {
    let text = TEXT
    for (let level = 0; level < levels; level++) text = multipart(`b${level}`, text)
    return text
  }
  assert.equal(problem(deep(50)), undefined)
  assert.match(problem(deep(51)) ?? '', /oltre 50 livelli/)
  const messages = (levels: number): string => 'Content-Type: message/rfc822\n\n'.repeat(levels)
  assert.equal(problem(`${messages(50)}x`), undefined)
  assert.match(problem(`${messages(51)}x`) ?? '', /oltre 50 livelli/)
})

test('as many parts as are looked at, and more', () => {
  assert.equal(problem(multipart('b', ...Array<string>(998).fill(TEXT))), undefined)
  assert.match(problem(multipart('b', ...Array<string>(999).fill(TEXT))) ?? '', /1000 parti/)
  assert.match(problem(multipart('b', ...Array<string>(5000).fill(TEXT))) ?? '', /1000 parti/)
})
