import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AT, ISSUER, MESSAGE, PEC_MSGID, RECIPIENT, SENDER, certifiable, wholeOf } from '../../test/support/certification.ts'
import { takeApart, type TakenApart } from '../../test/support/take-apart.ts'
import { briefOriginal } from './brief.ts'
import type { Failure, SubmissionData } from './certification-data.ts'
import {
  acceptanceReceipt,
  deliveryReceipt,
  nonAcceptanceNotice,
  nonDeliveryNotice,
  takeInCharge,
  timeoutNotice,
  virusNotice,
  type ReceiptInput,
} from './receipts.ts'
import type { UnsealedMessage } from './message.ts'

const FAILURE: Failure = { error: 'no-dest', text: '5.1.1 - Gestore - indirizzo non valido' }
const VIRUS: Failure = { error: 'virus', text: '5.7.1 - Gestore - Eicar' }
const SERVICE = 'posta-certificata@pec.altro.it'
const OTHER = 'c.verdi@example.com'
const COMMON = {
  date: 'Sun, 15 Mar 2026 10:30:21 +0100',
  from: 'posta-certificata@pec.example.it',
  to: SENDER,
  'message-id': '<ricevuta@pec.example.it>',
  'x-riferimento-message-id': '<uno@client.test>',
  'mime-version': '1.0',
}

const inputOf = (submission: SubmissionData): ReceiptInput => ({
  issuer: ISSUER,
  submission,
  at: AT,
  messageId: 'ricevuta@pec.example.it',
})

/** The fields but the Content-Type, whose boundary is random. */
function fieldsOf({ fields }: TakenApart): Record<string, string> {
  const { 'content-type': _, ...rest } = fields
  return rest
}

interface Expected {
  readonly make: (input: ReceiptInput) => UnsealedMessage
  /** fields beside those that every receipt has */
  readonly fields: Record<string, string>
  /** attributes of `postacert` */
  readonly root: string
  /** what the XML tells after the identifiers */
  readonly details: string
  /** title of the text */
  readonly title: string
}

const recipient = RECIPIENT
const CONSEGNA = `<consegna>${RECIPIENT}</consegna>`

/** Those without an original. */
const RECEIPTS: Record<string, Expected> = {
  acceptance: {
    make: acceptanceReceipt,
    fields: { 'x-ricevuta': 'accettazione', subject: 'ACCETTAZIONE: Convocazione' },
    root: 'tipo="accettazione" errore="nessuno"',
    details: '',
    title: 'Ricevuta di accettazione',
  },
  'non-acceptance': {
    make: (input) => nonAcceptanceNotice({ ...input, failure: { error: 'altro', text: 'Bcc presente' } }),
    fields: { 'x-ricevuta': 'non-accettazione', subject: 'AVVISO DI NON ACCETTAZIONE: Convocazione' },
    root: 'tipo="non-accettazione" errore="altro"',
    details: '<errore-esteso>Bcc presente</errore-esteso>',
    title: "Errore nell'accettazione del messaggio",
  },
  'non-acceptance for a virus': {
    make: (input) => nonAcceptanceNotice({ ...input, failure: VIRUS }),
    fields: {
      'x-ricevuta': 'non-accettazione',
      'x-verificasicurezza': 'errore',
      subject: 'AVVISO DI NON ACCETTAZIONE PER VIRUS: Convocazione',
    },
    root: 'tipo="non-accettazione" errore="virus"',
    details: '<errore-esteso>5.7.1 - Gestore - Eicar</errore-esteso>',
    title: "Errore nell'accettazione del messaggio per presenza di virus",
  },
  'take-in-charge': {
    make: (input) => takeInCharge({ ...input, to: SERVICE, received: [RECIPIENT, OTHER] }),
    fields: { to: SERVICE, 'x-ricevuta': 'presa-in-carico', subject: 'PRESA IN CARICO: Convocazione' },
    root: 'tipo="presa-in-carico" errore="nessuno"',
    details: `<ricezione>${RECIPIENT}</ricezione><ricezione>${OTHER}</ricezione>`,
    title: 'Ricevuta di presa in carico',
  },
  'concise delivery': {
    make: (input) => deliveryReceipt({ ...input, recipient, receiptType: 'sintetica', original: null }),
    fields: { 'x-ricevuta': 'avvenuta-consegna', subject: 'CONSEGNA: Convocazione' },
    root: 'tipo="avvenuta-consegna" errore="nessuno"',
    details: `<ricevuta tipo="sintetica"/>${CONSEGNA}`,
    title: 'Ricevuta sintetica di avvenuta consegna',
  },
  'non-delivery': {
    make: (input) => nonDeliveryNotice({ ...input, recipient, failure: FAILURE }),
    fields: { 'x-ricevuta': 'errore-consegna', subject: 'AVVISO DI MANCATA CONSEGNA: Convocazione' },
    root: 'tipo="errore-consegna" errore="no-dest"',
    details: `${CONSEGNA}<errore-esteso>5.1.1 - Gestore - indirizzo non valido</errore-esteso>`,
    title: 'Avviso di mancata consegna',
  },
  'non-delivery for a virus': {
    make: (input) => nonDeliveryNotice({ ...input, recipient, failure: VIRUS }),
    fields: {
      'x-ricevuta': 'errore-consegna',
      'x-verificasicurezza': 'errore',
      subject: 'AVVISO DI MANCATA CONSEGNA PER VIRUS: Convocazione',
    },
    root: 'tipo="errore-consegna" errore="virus"',
    details: `${CONSEGNA}<errore-esteso>5.7.1 - Gestore - Eicar</errore-esteso>`,
    title: 'Avviso di mancata consegna per virus',
  },
  'notice after 12 hours': {
    make: (input) => timeoutNotice({ ...input, recipient, hours: 12 }),
    fields: {
      'x-ricevuta': 'preavviso-errore-consegna',
      subject: 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: Convocazione',
    },
    root: 'tipo="preavviso-errore-consegna" errore="altro"',
    details:
      `${CONSEGNA}<errore-esteso>4.4.1 - Gestore &lt;Prova&gt; &amp; C. S.p.A. - ` +
      'messaggio non consegnato nelle prime dodici ore dal suo invio</errore-esteso>',
    title: 'Avviso di mancata consegna',
  },
  'notice after 24 hours': {
    make: (input) => timeoutNotice({ ...input, recipient, hours: 24 }),
    fields: {
      'x-ricevuta': 'preavviso-errore-consegna',
      subject: 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: Convocazione',
    },
    root: 'tipo="preavviso-errore-consegna" errore="altro"',
    details:
      `${CONSEGNA}<errore-esteso>5.4.1 - Gestore &lt;Prova&gt; &amp; C. S.p.A. - ` +
      'messaggio non consegnato nelle prime ventiquattro ore dal suo invio</errore-esteso>',
    title: 'Avviso di mancata consegna',
  },
  'virus notice': {
    make: (input) => virusNotice({ ...input, to: SERVICE, recipient, failure: VIRUS }),
    fields: {
      to: SERVICE,
      'x-ricevuta': 'rilevazione-virus',
      'x-mittente': SENDER,
      subject: 'PROBLEMA DI SICUREZZA: Convocazione',
    },
    root: 'tipo="rilevazione-virus" errore="virus"',
    details: `${CONSEGNA}<errore-esteso>5.7.1 - Gestore - Eicar</errore-esteso>`,
    title: 'Avviso di rilevazione virus informatico',
  },
}

for (const [name, { make, fields, root, details, title }] of Object.entries(RECEIPTS)) {
  test(`${name}: its fields and no others (no Reply-To, no Sender), its data and text, and no original`, () => {
    const receipt = takeApart(wholeOf(make(inputOf(certifiable(MESSAGE).submission))))
    assert.deepEqual(fieldsOf(receipt), { ...COMMON, ...fields })
    assert.equal(receipt.original, null)
    const xml = receipt.daticert.toString().replace(/\n */g, '')
    assert.ok(xml.includes(`<postacert ${root}><intestazione>`))
    assert.ok(xml.endsWith(`</msgid>${details}</dati></postacert>`), xml)
    const lines = receipt.plain.split('\r\n')
    assert.equal(lines[0], title)
    assert.ok(lines.includes(`Identificativo messaggio: ${PEC_MSGID}`))
  })

  test(`${name} of a submission without Message-ID and Subject: no reference, the prefix alone, no msgid and no oggetto`, () => {
    const { submission } = certifiable(Buffer.from(`From: ${SENDER}\r\nTo: ${RECIPIENT}\r\n\r\nTesto`))
    const receipt = takeApart(wholeOf(make(inputOf(submission))))
    assert.equal(receipt.fields['x-riferimento-message-id'], undefined)
    assert.equal(receipt.fields['subject'], fields['subject']?.replace(' Convocazione', ''))
    const xml = receipt.daticert.toString()
    assert.doesNotMatch(xml, /<msgid|<oggetto/)
    assert.ok(xml.includes(`<identificativo>${PEC_MSGID}</identificativo>`))
  })

  test(`${name}: nothing that another provider's data say can add a line to the header`, () => {
    const hostile = {
      ...certifiable(MESSAGE).submission,
      sender: 'a@x\r\nX-Evil: 1',
      msgid: '<1>\nX-Evil: 2\u010aX-Evil: 3',
      rawSubject: ' x\nX-Evil: 4\rX-Evil: 5',
    }
    const { headerLines } = takeApart(wholeOf(make(inputOf(hostile))))
    assert.ok(headerLines.every((line) => !/^X-Evil|[\r\n]/i.test(line)))
  })
}

function deliveryOf(bytes: Buffer, receiptType: 'completa' | 'breve') {
  const { submission, original, body } = certifiable(bytes)
  const input = { ...inputOf(submission), recipient, receiptType }
  const brief = briefOriginal(original.header, body)
  const expected = receiptType === 'breve' ? brief : Buffer.concat([original.header, body])
  const message =
    receiptType === 'breve'
      ? deliveryReceipt({ ...input, original: { header: brief, bodyLength: 0, eightBit: original.eightBit } })
      : deliveryReceipt({ ...input, original })
  const receipt = takeApart(wholeOf(message, receiptType === 'breve' ? undefined : body))
  return { receipt, expected }
}

test('complete delivery receipt: its fields, the recipient, the original byte for byte', () => {
  const { receipt, expected } = deliveryOf(MESSAGE, 'completa')
  assert.deepEqual(fieldsOf(receipt), { ...COMMON, 'x-ricevuta': 'avvenuta-consegna', subject: 'CONSEGNA: Convocazione' })
  assert.deepEqual(receipt.original, expected)
  assert.equal(receipt.originalFields?.['content-transfer-encoding'], '7bit')
  const daticert = receipt.daticert.toString()
  assert.match(daticert, /<postacert tipo="avvenuta-consegna" errore="nessuno">/)
  assert.match(daticert, /<ricevuta tipo="completa"\/>\s*<consegna>anna\.bianchi@pec\.altro\.it<\/consegna>\s*<\/dati>/)
  assert.match(receipt.plain, /^Ricevuta di avvenuta consegna\r\n/)
})

test('brief delivery receipt: the same fields, the original with hashes for its attachments', () => {
  const head = MESSAGE.toString().replace('\r\n\r\nTesto.\r\n', '\r\nContent-Type: multipart/mixed; boundary=b\r\n')
  const bytes = Buffer.from(`${head}\r\n--b\r\n\r\nTesto\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1;2\r\n--b--\r\n`)
  const { receipt, expected } = deliveryOf(bytes, 'breve')
  assert.deepEqual(fieldsOf(receipt), { ...COMMON, 'x-ricevuta': 'avvenuta-consegna', subject: 'CONSEGNA: Convocazione' })
  assert.deepEqual(receipt.original, expected)
  assert.match(receipt.original?.toString() ?? '', /name="a\.csv\.hash"[\s\S]*\r\n\r\n[0-9a-f]{40}\r\n--b--\r\n$/)
  assert.match(receipt.daticert.toString(), /<ricevuta tipo="breve"\/>\s*<consegna>/)
  assert.match(receipt.plain, /^Ricevuta breve di avvenuta consegna\r\n/)
})

test('a receipt without the original that its kind has, or with one that it has not, is never written', () => {
  const { submission, original } = certifiable(MESSAGE)
  const input = { ...inputOf(submission), recipient }
  for (const receiptType of ['completa', 'breve'] as const) {
    assert.throws(() => deliveryReceipt({ ...input, receiptType, original: null }), /original/)
  }
  assert.throws(() => deliveryReceipt({ ...input, receiptType: 'sintetica', original }), /original/)
})

test('a Message-ID folded over two lines is referred to on one line', () => {
  const bytes = Buffer.from(`From: ${SENDER}\r\nMessage-ID:\r\n <uno@client.test>\r\nTo: ${RECIPIENT}\r\n\r\n`)
  const acceptance = takeApart(wholeOf(acceptanceReceipt(inputOf(certifiable(bytes).submission))))
  assert.ok(acceptance.headerLines.includes('X-Riferimento-Message-ID: <uno@client.test>'))
  assert.match(acceptance.daticert.toString(), /<msgid>&lt;uno@client\.test&gt;<\/msgid>/)
})

test('an 8-bit original makes its own part and what holds it 8bit, and nothing else', () => {
  const bytes = Buffer.concat([MESSAGE, Buffer.from('Perché no?\r\n')])
  const { receipt, expected } = deliveryOf(bytes, 'completa')
  assert.equal(receipt.fields['content-transfer-encoding'], '8bit')
  assert.equal(receipt.originalFields?.['content-transfer-encoding'], '8bit')
  assert.match(
    receipt.signed.toString('latin1'),
    /^Content-Type: multipart\/mixed; [^\r]+\r\nContent-Transfer-Encoding: 8bit\r\n/,
  )
  assert.deepEqual(receipt.original, expected)
  const acceptance = takeApart(wholeOf(acceptanceReceipt(inputOf(certifiable(bytes).submission))))
  assert.equal(acceptance.fields['content-transfer-encoding'], undefined)
  assert.ok(acceptance.signed.every((byte) => byte < 128))
})
