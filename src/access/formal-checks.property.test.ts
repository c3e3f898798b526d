/** The formal checks on headers that nobody thought of: a good message, changed at random. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAddresses } from '../mime/address.ts'
import { fieldsOf, unfold } from '../mime/header.ts'
import { findFormalProblem, readHeader, replyToOf } from './formal-checks.ts'
import { withCrlf } from '../mime/line-ends.ts'

const SENDER = 'mario.rossi@pec.example.it'
const RECIPIENT = 'anna@pec.altro.it'
const LIMITS = { messageBytes: 30_000_000, recipients: 500, totalBytes: 30_000_000 }

const GOOD = [
  `From: "Rossi, Mario" <${SENDER}>`,
  `To: Anna <${RECIPIENT}>`,
  'Cc: Ufficio: uno@pec.altro.it, due@pec.altro.it;',
  'Subject: Prova',
  'Message-ID: <uno@client.test>',
  'Date: Sun, 15 Mar 2026 10:30:00 +0100',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="b"',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'testo',
  '--b--',
  '',
].join('\r\n')

/** What may stand where, such as matters to readers of headers. */
const scrap = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\r\n ',
    '\r\n\r\n',
    '\n',
    '\r',
    ',',
    ';',
    ':',
    '<',
    '>',
    '"',
    '(',
    ')',
    '@',
    '\\',
    '\0',
    '\u00c3\u00a8',
    '=',
  ),
  fc.constantFrom(`From: ${SENDER}`, 'Bcc: x@y.it', 'To:', 'Subject: =?UTF-8?B?4oKs?=', `<${SENDER}>`, RECIPIENT, '--b', '--b--'),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

const edit = fc.record({ at: fc.nat(GOOD.length), remove: fc.nat(30), insert: scrap })

const mutated = fc.array(edit, { maxLength: 4 }).map((edits) => {
  let text = GOOD
  for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove)
  return withCrlf(Buffer.from(text, 'latin1'))
})

test('property: a message that passes has one author, the sender, and names its recipient', () => {
  let passed = 0
  fc.assert(
    fc.property(mutated, (bytes) => {
      const header = readHeader(bytes)
      const found = findFormalProblem({ bytes, header, sender: SENDER, recipients: [RECIPIENT] }, LIMITS)
      if (found) return
      passed++
      const named = (name: string): string[] =>
        fieldsOf(header, name).flatMap(({ value }) =>
          parseAddresses(unfold(value)).flatMap(({ mailbox, host }) => (host ? [`${mailbox}@${host}`.toLowerCase()] : [])),
        )
      assert.deepEqual(named('From'), [SENDER])
      assert.ok([...named('To'), ...named('Cc')].includes(RECIPIENT))
      assert.ok(fieldsOf(header, 'Bcc').every(({ value }) => unfold(value) === ''))
      assert.ok(!bytes.includes(0))
      assert.ok(
        bytes
          .toString('latin1')
          .split('\r\n')
          .every((line) => line.length <= 998),
      )
      assert.match(replyToOf(header, SENDER), /^[\x20-\x7e]+$/)
    }),
    { numRuns: 5000 },
  )
  // Else it would prove nothing.
  assert.ok(passed > 100, `${passed} passed`)
})

test('property: no bytes make the checks fail, and every reason is one line that a notice can hold', () => {
  const anything = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 400 }).map((bytes) => withCrlf(Buffer.from(bytes))),
    fc.array(scrap, { maxLength: 40 }).map((scraps) => withCrlf(Buffer.from(scraps.join(''), 'latin1'))),
  )
  fc.assert(
    fc.property(anything, (bytes) => {
      const found = findFormalProblem({ bytes, header: readHeader(bytes), sender: SENDER, recipients: [RECIPIENT] }, LIMITS)
      if (!found) return
      assert.match(found.reason, /^[^\u0000-\u001f\u007f]{10,500}$/u)
    }),
    { numRuns: 3000 },
  )
})
