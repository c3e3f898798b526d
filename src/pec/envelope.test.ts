import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  MESSAGE,
  PEC_MSGID,
  RECEIVED,
  RECIPIENT,
  SENDER,
  certifiable,
  envelopeOf,
  wholeOf,
} from '../../test/support/certification.ts'
import { takeApart } from '../../test/support/take-apart.ts'
import { parseHeader } from '../mime/header.ts'
import type { SubmissionData } from './certification-data.ts'

function envelope(bytes: Buffer | string, overrides: Partial<SubmissionData> = {}) {
  const all = certifiable(Buffer.from(bytes), overrides)
  return { ...takeApart(wholeOf(envelopeOf(all), all.body)), expected: Buffer.concat([all.original.header, all.body]) }
}

test('the fields of a transport envelope, and no others', () => {
  const { fields } = envelope(MESSAGE)
  const { 'content-type': _, ...rest } = fields
  assert.deepEqual(rest, {
    received: RECEIVED.replace('\r\n', ''),
    to: `Anna <${RECIPIENT}>`,
    'reply-to': SENDER,
    date: 'Sun, 15 Mar 2026 10:30:21 +0100',
    from: `"Per conto di: ${SENDER}" <posta-certificata@pec.example.it>`,
    subject: 'POSTA CERTIFICATA: Convocazione',
    'message-id': `<${PEC_MSGID}>`,
    'x-riferimento-message-id': '<uno@client.test>',
    'x-trasporto': 'posta-certificata',
    'x-tiporicevuta': 'completa',
    'mime-version': '1.0',
  })
})

test('To, Cc, Reply-To, Received and Return-Path are inherited as they stand, folding included, whatever the case of their names', () => {
  const inherited = [
    'received: from client.test\r\n\tby relay.test; Sun, 15 Mar 2026 10:29:59 +0100',
    'Received: from there by here; Sun, 15 Mar 2026 10:29:58 +0100',
    'Return-Path: <mario.rossi@pec.example.it>',
    'TO:  "Bianchi,\r\n  Anna"  <anna.bianchi@pec.altro.it> ',
    'cc:c.verdi@example.com',
    'Reply-To: "Ufficio" <ufficio@pec.example.it>',
  ]
  const { headerLines, fields } = envelope(`From: ${SENDER}\r\n${inherited.join('\r\n')}\r\nBcc: \r\nX-Mine: 1\r\n\r\n`)
  assert.ok(headerLines.join('\r\n').startsWith(`Received: ${RECEIVED}\r\n${inherited.join('\r\n')}\r\nDate: `))
  assert.equal(fields['bcc'] ?? fields['x-mine'], undefined)
})

test('an empty Reply-To counts as none', () => {
  assert.equal(envelope(`From: ${SENDER}\r\nReply-To: \r\nTo: ${RECIPIENT}\r\n\r\n`).fields['reply-to'], SENDER)
})

test('quotes and backslashes of an address cannot end the display name', () => {
  const { fields } = envelope(MESSAGE, { sender: String.raw`"a\b"@pec.example.it` })
  assert.equal(fields['from'], String.raw`"Per conto di: \"a\\b\"@pec.example.it" <posta-certificata@pec.example.it>`)
})

test('the certification data of an envelope, and the original byte for byte', () => {
  const { daticert, original, expected, seal } = envelope(MESSAGE)
  assert.match(daticert.toString(), /<postacert tipo="posta-certificata" errore="nessuno">/)
  assert.match(daticert.toString(), /<msgid>&lt;uno@client\.test&gt;<\/msgid>\s*<ricevuta tipo="completa"\/>\s*<\/dati>/)
  assert.deepEqual(original, expected)
  assert.equal(seal.toString(), 'no seal')
})

test('the receipt that the sender asked for stands in header and data, and is gone from neither original nor envelope', () => {
  for (const asked of ['breve', 'sintetica', 'completa']) {
    const bytes = MESSAGE.toString('latin1').replace('Subject:', `X-Tiporicevuta:  ${asked.toUpperCase()}\r\nSubject:`)
    const { fields, daticert, original } = envelope(bytes)
    assert.equal(fields['x-tiporicevuta'], asked)
    assert.match(daticert.toString(), new RegExp(`<ricevuta tipo="${asked}"/>`))
    assert.match(original?.toString() ?? '', new RegExp(`X-Tiporicevuta: {2}${asked.toUpperCase()}`))
  }
})

test('no submission can add, remove or break a header field of the envelope', () => {
  const value = fc.string({
    unit: fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', ':', 'X-Ricevuta: x', '\u00e0', '=?UTF-8?B?DQo=?=', 'a', '"', '<', '>'),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('To', 'Cc', 'Subject', 'Message-ID', 'Reply-To'), value)), (lines) => {
      const text = `From: ${SENDER}\n${lines.map(([name, value]) => `${name}:${value}\n`).join('')}\nbody`
      const bytes = Buffer.from(text.replace(/\r\n?|\n/g, '\r\n'), 'latin1')
      const header = parseHeader(bytes)
      const count = (name: string): number => header.fields.filter((field) => field.name.toLowerCase() === name).length
      fc.pre(count('message-id') < 2)
      const { head } = envelopeOf(certifiable(bytes))
      const names = parseHeader(head).fields.map(({ name }) => name.toLowerCase())
      for (const name of [
        'date',
        'from',
        'subject',
        'message-id',
        'x-trasporto',
        'x-tiporicevuta',
        'mime-version',
        'content-type',
      ]) {
        assert.equal(names.filter((one) => one === name).length, 1, name)
      }
      assert.ok(!names.includes('x-ricevuta'))
      assert.ok(names.includes('reply-to'))
      const section = head.subarray(0, parseHeader(head).bodyStart).toString('latin1')
      assert.match(section, /\r\n\r\n$/)
      assert.doesNotMatch(section, /[^\r]\n|\r[^\n]/)
    }),
  )
})
