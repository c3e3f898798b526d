import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ENVELOPE_FIELDS,
  FOREIGN_ADDRESS,
  FOREIGN_ORIGINAL,
  foreignDaticert,
  foreignMessage,
  receiptFields,
  type ForeignShape,
} from '../../test/support/foreign-message.ts'
import { findFormProblem } from './form.ts'
import { readMessage } from './reading.ts'

async function problemOf(shape: ForeignShape, addresses?: string[]): Promise<string | null> {
  return findFormProblem(readMessage(await foreignMessage(() => Buffer.from('no seal'), shape)), addresses)
}

const receipt = (kind: string, data: string, shape: ForeignShape = {}): ForeignShape => ({
  fields: receiptFields(kind, 'PREFISSO'),
  daticert: foreignDaticert({ kind, data }),
  original: null,
  ...shape,
})

/** The fields of an envelope with one replaced, or left out, or added. */
const fields = (name: string, ...replacement: string[]): string[] => [
  ...ENVELOPE_FIELDS.filter((field) => !field.startsWith(`${name}:`)),
  ...replacement,
]

test('an envelope', async () => {
  const bad: Record<string, ForeignShape> = {
    'its header does not say which certified message it is': { fields: fields('X-Trasporto') },
    'its Message-ID is not the identifier in daticert.xml': {
      fields: fields('Message-ID', 'Message-ID: <other@pec.altro.test>'),
    },
    'it has no Message-ID': { fields: fields('Message-ID') },
    'it has no From': { fields: fields('From') },
    'it has more than one From': { fields: [...ENVELOPE_FIELDS, 'From: x@pec.altro.test'] },
    'its From is not one address': { fields: fields('From', `From: ${FOREIGN_ADDRESS}, x@pec.altro.test`) },
    'it has no Date': { fields: fields('Date') },
    'it has more than one Subject': { fields: [...ENVELOPE_FIELDS, 'Subject: x'] },
    'its header and daticert.xml say different kinds of message': { daticert: foreignDaticert({ kind: 'accettazione' }) },
    'the original is missing': { original: null },
    'the original is not a message': { original: '' },
    'there is more than one daticert.xml': { extraParts: ['Content-Type: application/xml; name="DATICERT.XML"\r\n\r\n<x/>'] },
    'daticert.xml is not well-formed': { daticert: '<postacert' },
    'daticert.xml is not valid': { daticert: foreignDaticert({ kind: 'altro' }) },
    'daticert.xml has a recipient without an address': {
      daticert: foreignDaticert({ recipients: '<destinatari> </destinatari>' }),
    },
    'daticert.xml names no sender': { daticert: foreignDaticert().replace(/<mittente>.*</, '<mittente><') },
    'daticert.xml has no identifier': { daticert: foreignDaticert().replace(/<identificativo>.*</, '<identificativo><') },
    'daticert.xml is too large': { daticert: Buffer.alloc(3 << 20, ' ') },
  }
  assert.equal(await problemOf({}), null)
  for (const [problem, shape] of Object.entries(bad)) assert.equal(await problemOf(shape), problem)
})

test('marks that contradict one another', async () => {
  const problem = 'its header does not say which certified message it is'
  for (const mark of ['X-Ricevuta: accettazione', 'X-Trasporto: errore', 'X-Trasporto: posta-certificata', 'X-Ricevuta: boh']) {
    assert.equal(await problemOf({ fields: [...ENVELOPE_FIELDS, mark] }), problem, mark)
  }
})

test('there is no daticert.xml, or it is only in the original', async () => {
  const message = await foreignMessage(() => Buffer.from('no seal'))
  const renamed = Buffer.from(message.toString('latin1').replaceAll('name="daticert.xml"', 'name="dati.xml"'), 'latin1')
  assert.equal(findFormProblem(readMessage(renamed)), 'there is no daticert.xml')
})

test('the sender is an address of the certificate', async () => {
  assert.equal(await problemOf({}, ['other@pec.altro.test', FOREIGN_ADDRESS.toUpperCase()]), null)
  assert.equal(await problemOf({}, ['other@pec.altro.test']), 'its From is not an address of the certificate that seals it')
})

test('receipts and notices', async () => {
  const about = '<consegna>a@b.test</consegna>'
  const nobody = 'daticert.xml does not say which recipient it is about'
  const missing = 'the original is missing'
  const delivery = (type: string) => receipt('avvenuta-consegna', `<ricevuta tipo="${type}"/>${about}`)
  const cases: [ForeignShape, string | null][] = [
    [receipt('accettazione', ''), null],
    [receipt('non-accettazione', ''), null],
    [receipt('presa-in-carico', '<ricezione>a@b.test</ricezione><ricezione>c@d.test</ricezione>'), null],
    [receipt('presa-in-carico', ''), 'daticert.xml does not say whose messages were taken in charge'],
    [receipt('presa-in-carico', '<ricezione/>'), 'daticert.xml does not say whose messages were taken in charge'],
    [delivery('sintetica'), null],
    [{ ...delivery('sintetica'), original: FOREIGN_ORIGINAL }, null],
    [delivery('completa'), missing],
    [delivery('breve'), missing],
    [{ ...delivery('breve'), original: FOREIGN_ORIGINAL }, null],
    [receipt('avvenuta-consegna', about), null],
    [receipt('avvenuta-consegna', ''), nobody],
    [receipt('avvenuta-consegna', '<consegna/>'), nobody],
    [receipt('errore-consegna', about), null],
    [receipt('errore-consegna', ''), nobody],
    [receipt('preavviso-errore-consegna', about), null],
    [receipt('preavviso-errore-consegna', ''), nobody],
    [receipt('rilevazione-virus', about), null],
    [receipt('rilevazione-virus', ''), nobody],
    [
      { ...receipt('accettazione', ''), fields: receiptFields('errore-consegna', 'X') },
      'its header and daticert.xml say different kinds of message',
    ],
  ]
  for (const [shape, problem] of cases) assert.equal(await problemOf(shape), problem, String(shape.fields))
})
