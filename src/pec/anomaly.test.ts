import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AT, ISSUER, RECEIVED, RECIPIENT, wholeOf } from '../../test/support/certification.ts'
import { decodeQuotedPrintable } from '../../test/support/quoted-printable.ts'
import { fieldsOf, fieldValue, parseHeader } from '../mime/header.ts'
import { parseStructure, type MimePart } from '../mime/structure.ts'
import { anomalyEnvelope, type AnomalyInput } from './anomaly.ts'
import { readSubject } from './submission.ts'

const SENDER = 'qualcuno@example.com'
const ORDINARY = [
  'Received: from there by here; Sun, 15 Mar 2026 10:29:58 +0100',
  'Return-Path: <altro@example.com>',
  `From: Qualcuno <${SENDER}>`,
  `To: "Bianchi,\r\n  Anna"  <${RECIPIENT}> `,
  'cc:c.verdi@example.com',
  'Message-id: <due@example.com>',
  'Subject: =?UTF-8?Q?Offerta_=E2=82=AC?=',
  'X-Trasporto: posta-certificata',
  'X-Ricevuta: avvenuta-consegna',
  '',
  'Testo.',
  '',
].join('\r\n')

function anomalyOf(text: string, overrides: Partial<AnomalyInput> = {}) {
  const bytes = Buffer.from(text)
  const header = parseHeader(bytes)
  const input: AnomalyInput = {
    issuer: ISSUER,
    at: AT,
    header,
    received: RECEIVED,
    returnPath: SENDER,
    sender: SENDER,
    recipients: [RECIPIENT, 'c.verdi@example.com'],
    ...readSubject(header),
    reason: 'firma non presente',
    enclosed: {
      header: bytes.subarray(0, header.bodyStart),
      bodyLength: bytes.length - header.bodyStart,
      eightBit: bytes.some((byte) => byte > 127),
    },
    ...overrides,
  }
  const whole = wholeOf(anomalyEnvelope(input), bytes.subarray(header.bodyStart))
  const outer = parseHeader(whole)
  const [mixed] = parseStructure(whole).root.children
  assert.ok(mixed)
  return { bytes, whole, outer, lines: whole.toString('latin1', 0, outer.bodyStart).split('\r\n'), mixed }
}

const bodyOf = (whole: Buffer, part: MimePart | undefined): string => whole.toString('latin1', part?.body ?? 0, part?.end ?? 0)

test('the fields of an anomaly envelope, and no others', () => {
  const { lines } = anomalyOf(ORDINARY)
  const mime = lines.findIndex((line) => line.startsWith('MIME-Version'))
  assert.deepEqual(lines.slice(0, mime), [
    `Return-Path: <${SENDER}>`,
    ...`Received: ${RECEIVED}`.split('\r\n'),
    'Received: from there by here; Sun, 15 Mar 2026 10:29:58 +0100',
    'To: "Bianchi,',
    `  Anna"  <${RECIPIENT}> `,
    'cc:c.verdi@example.com',
    'Message-id: <due@example.com>',
    `Reply-To: ${SENDER}`,
    'Date: Sun, 15 Mar 2026 10:30:21 +0100',
    `From: "Per conto di: ${SENDER}" <posta-certificata@pec.example.it>`,
    'Subject: ANOMALIA MESSAGGIO: =?UTF-8?Q?Offerta_=E2=82=AC?=',
    'X-Trasporto: errore',
  ])
  assert.match(
    lines.slice(mime).join('\r\n'),
    /^MIME-Version: 1\.0\r\nContent-Type: multipart\/signed; .*\r\n micalg=[^\r]*\r\n\r\n$/,
  )
})

test('text and the whole message received, byte for byte, and no other part', () => {
  const { bytes, whole, mixed } = anomalyOf(ORDINARY)
  const typeOf = ({ type, subtype, children }: MimePart): string =>
    children.length === 0 || type === 'message' ? `${type}/${subtype}` : `${subtype}(${children.map(typeOf).join(' ')})`
  assert.equal(typeOf(mixed), 'mixed(alternative(text/plain text/html) message/rfc822)')
  const [text, enclosed] = mixed.children
  assert.equal(bodyOf(whole, enclosed), bytes.toString('latin1'))
  assert.doesNotMatch(whole.toString('latin1'), /daticert/)
  const plain = decodeQuotedPrintable(bodyOf(whole, text?.children[0])).split('\r\n')
  assert.equal(plain[0], 'Anomalia nel messaggio')
  assert.ok(plain.includes(`"Offerta ?" proveniente da "${SENDER}"`))
  assert.ok(plain.includes('Tali dati non sono stati certificati per il seguente errore: firma non presente'))
  assert.ok(plain.includes('Identificativo messaggio: due@example.com'))
})

test('a Reply-To of the message is inherited; one of nobody is not made up', () => {
  const own = anomalyOf(ORDINARY.replace('cc:', 'reply-to: Ufficio <u@example.com>\r\ncc:'))
  assert.deepEqual(
    fieldsOf(own.outer, 'Reply-To').map(({ value }) => value),
    [' Ufficio <u@example.com>'],
  )
  const bounce = anomalyOf(ORDINARY, { sender: '', returnPath: '' })
  assert.equal(fieldValue(bounce.outer, 'Reply-To'), undefined)
  assert.equal(fieldValue(bounce.outer, 'Return-Path'), '<>')
})

test('8bit when the message received is, 7bit when not', () => {
  const seven = anomalyOf(ORDINARY)
  assert.equal(fieldValue(seven.outer, 'Content-Transfer-Encoding'), undefined)
  assert.equal(seven.mixed.children[1]?.encoding, '7bit')
  const eight = anomalyOf(ORDINARY.replace('Testo.', 'Perché no?'))
  assert.equal(fieldValue(eight.outer, 'Content-Transfer-Encoding'), '8bit')
  assert.equal(eight.mixed.encoding, '8bit')
  assert.equal(eight.mixed.children[1]?.encoding, '8bit')
  assert.equal(bodyOf(eight.whole, eight.mixed.children[1]), eight.bytes.toString('latin1'))
})

test('a message without Message-ID and Subject: none is made up', () => {
  const { outer, whole, mixed } = anomalyOf('From: a@example.com\r\n\r\nTesto')
  assert.equal(fieldValue(outer, 'Message-ID'), undefined)
  assert.equal(fieldValue(outer, 'Subject'), 'ANOMALIA MESSAGGIO:')
  assert.doesNotMatch(bodyOf(whole, mixed.children[0]), /Identificativo/)
})

test('no message can add, remove or break a field of ours', () => {
  const piece = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '\r\n ',
    '\n\t',
    ' ',
    ':',
    'X-Ricevuta: x',
    '\u00e0',
    '"',
    '<',
    '>',
    '\u010a',
    '\0',
  )
  const value = fc.string({ unit: piece })
  const names = fc.constantFrom('To', 'Cc', 'Subject', 'Message-ID', 'Reply-To', 'Received', 'Return-Path')
  fc.assert(
    fc.property(fc.array(fc.tuple(names, value)), value, value, (fields, sender, returnPath) => {
      const text = fields.map(([name, value]) => `${name}:${value}\r\n`).join('')
      const { outer, lines } = anomalyOf(`From: a@example.com\r\n${text}\r\nbody`, { sender, returnPath })
      const ours = ['Return-Path', 'Date', 'From', 'Subject', 'X-Trasporto', 'MIME-Version', 'Content-Type']
      for (const name of ours) assert.equal(fieldsOf(outer, name).length, 1, name)
      assert.equal(fieldValue(outer, 'X-Trasporto'), 'errore')
      assert.equal(fieldsOf(outer, 'X-Ricevuta').length, 0)
      assert.ok(lines.every((line) => !/[\r\n]/.test(line)))
    }),
  )
})
