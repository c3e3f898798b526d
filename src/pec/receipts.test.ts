import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, ISSUER, MESSAGE, RECIPIENT, SENDER, certifiable, wholeOf } from '../../test/support/certification.ts'
import { takeApart } from '../../test/support/take-apart.ts'
import { acceptanceReceipt, deliveryReceipt, nonDeliveryNotice } from './receipts.ts'

const FAILURE = { error: 'no-dest', text: '5.1.1 - Gestore - indirizzo non valido' } as const
const COMMON = {
  date: 'Sun, 15 Mar 2026 10:30:21 +0100',
  from: 'posta-certificata@pec.example.it',
  to: SENDER,
  'message-id': '<ricevuta@pec.example.it>',
  'x-riferimento-message-id': '<uno@client.test>',
  'mime-version': '1.0',
}

function receiptsOf(bytes: Buffer) {
  const all = certifiable(bytes)
  const { submission, original, body } = all
  const input = { issuer: ISSUER, submission, at: AT, messageId: 'ricevuta@pec.example.it' }
  return {
    original: Buffer.concat([original.header, body]),
    acceptance: takeApart(wholeOf(acceptanceReceipt(input))),
    delivery: takeApart(wholeOf(deliveryReceipt({ ...input, recipient: RECIPIENT, original }), body)),
    nonDelivery: takeApart(wholeOf(nonDeliveryNotice({ ...input, recipient: RECIPIENT, failure: FAILURE }))),
  }
}

/** The fields but the Content-Type, whose boundary is random. */
function fieldsOf({ fields }: { fields: Record<string, string> }): Record<string, string> {
  const { 'content-type': _, ...rest } = fields
  return rest
}

test('acceptance: its fields and no others (no Reply-To, no Sender), and no original', () => {
  const { acceptance } = receiptsOf(MESSAGE)
  assert.deepEqual(fieldsOf(acceptance), { ...COMMON, 'x-ricevuta': 'accettazione', subject: 'ACCETTAZIONE: Convocazione' })
  assert.equal(acceptance.original, null)
  assert.match(acceptance.daticert.toString(), /<postacert tipo="accettazione" errore="nessuno">/)
  assert.doesNotMatch(acceptance.daticert.toString(), /<ricevuta|<consegna|<errore-esteso/)
})

test('complete delivery receipt: its fields, the recipient, the original byte for byte', () => {
  const { delivery, original } = receiptsOf(MESSAGE)
  assert.deepEqual(fieldsOf(delivery), { ...COMMON, 'x-ricevuta': 'avvenuta-consegna', subject: 'CONSEGNA: Convocazione' })
  assert.deepEqual(delivery.original, original)
  assert.equal(delivery.originalFields?.['content-transfer-encoding'], '7bit')
  const daticert = delivery.daticert.toString()
  assert.match(daticert, /<postacert tipo="avvenuta-consegna" errore="nessuno">/)
  assert.match(daticert, /<ricevuta tipo="completa"\/>\s*<consegna>anna\.bianchi@pec\.altro\.it<\/consegna>/)
})

test('non-delivery: its fields, the reason, and no original', () => {
  const { nonDelivery } = receiptsOf(MESSAGE)
  const own = { 'x-ricevuta': 'errore-consegna', subject: 'AVVISO DI MANCATA CONSEGNA: Convocazione' }
  assert.deepEqual(fieldsOf(nonDelivery), { ...COMMON, ...own })
  assert.equal(nonDelivery.original, null)
  const daticert = nonDelivery.daticert.toString()
  assert.match(daticert, /<postacert tipo="errore-consegna" errore="no-dest">/)
  assert.match(
    daticert,
    /<consegna>anna\.bianchi@pec\.altro\.it<\/consegna>\s*<errore-esteso>5\.1\.1 - Gestore - indirizzo non valido<\/errore-esteso>/,
  )
  assert.doesNotMatch(daticert, /<ricevuta/)
})

test('a submission without Message-ID and without Subject: no reference, the prefix alone, no msgid and no oggetto', () => {
  const { acceptance, delivery, nonDelivery } = receiptsOf(Buffer.from(`From: ${SENDER}\r\nTo: ${RECIPIENT}\r\n\r\nTesto`))
  for (const receipt of [acceptance, delivery, nonDelivery]) {
    assert.equal(receipt.fields['x-riferimento-message-id'], undefined)
    assert.doesNotMatch(receipt.daticert.toString(), /<msgid|<oggetto/)
    assert.match(
      receipt.daticert.toString(),
      /<identificativo>0198c0de00007000800000000000000a@pec\.example\.it<\/identificativo>/,
    )
  }
  assert.deepEqual(
    [acceptance, delivery, nonDelivery].map(({ fields }) => fields['subject']),
    ['ACCETTAZIONE:', 'CONSEGNA:', 'AVVISO DI MANCATA CONSEGNA:'],
  )
})

test('a Message-ID folded over two lines is referred to on one line', () => {
  const { acceptance } = receiptsOf(
    Buffer.from(`From: ${SENDER}\r\nMessage-ID:\r\n <uno@client.test>\r\nTo: ${RECIPIENT}\r\n\r\n`),
  )
  assert.ok(acceptance.headerLines.includes('X-Riferimento-Message-ID: <uno@client.test>'))
  assert.match(acceptance.daticert.toString(), /<msgid>&lt;uno@client\.test&gt;<\/msgid>/)
})

test('an 8-bit original makes its own part and what holds it 8bit, and nothing else', () => {
  const bytes = Buffer.concat([MESSAGE, Buffer.from('Perché no?\r\n')])
  const { delivery, acceptance, original } = receiptsOf(bytes)
  assert.equal(delivery.fields['content-transfer-encoding'], '8bit')
  assert.equal(delivery.originalFields?.['content-transfer-encoding'], '8bit')
  assert.match(
    delivery.signed.toString('latin1'),
    /^Content-Type: multipart\/mixed; [^\r]+\r\nContent-Transfer-Encoding: 8bit\r\n/,
  )
  assert.deepEqual(delivery.original, original)
  assert.equal(acceptance.fields['content-transfer-encoding'], undefined)
  assert.ok(acceptance.signed.every((byte) => byte < 128))
})
