import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DtdValidator, XmlDocument, XmlDtd } from 'libxml2-wasm'
import { AT, PEC_MSGID, RECIPIENT, SENDER } from '../../test/support/certification.ts'
import { execute } from '../../test/support/execute.ts'
import { requireTools } from '../../test/support/tools.ts'
import { writeDaticert, type Certification, type MessageKind } from './certification-data.ts'

const DTD = new URL('../../test/data/postacert.dtd', import.meta.url)
const validator = new DtdValidator(XmlDtd.fromBuffer(readFileSync(DTD)))

const SUBMISSION = {
  pecMsgid: PEC_MSGID,
  msgid: '<uno@client.test>',
  sender: SENDER,
  recipients: [
    { address: RECIPIENT, certified: true },
    { address: 'c.verdi@example.com', certified: false },
  ],
  replyTo: 'ufficio@pec.example.it',
  subject: 'Convocazione',
  rawSubject: ' Convocazione',
  receiptType: 'completa',
} as const
const ACCEPTANCE: Certification = { kind: 'accettazione', submission: SUBMISSION, provider: 'Gestore S.p.A.', at: AT }

test('daticert.xml of an acceptance, to the letter', () => {
  assert.equal(
    writeDaticert(ACCEPTANCE),
    `<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="accettazione" errore="nessuno">
    <intestazione>
        <mittente>mario.rossi@pec.example.it</mittente>
        <destinatari tipo="certificato">anna.bianchi@pec.altro.it</destinatari>
        <destinatari tipo="esterno">c.verdi@example.com</destinatari>
        <risposte>ufficio@pec.example.it</risposte>
        <oggetto>Convocazione</oggetto>
    </intestazione>
    <dati>
        <gestore-emittente>Gestore S.p.A.</gestore-emittente>
        <data zona="+0100">
            <giorno>15/03/2026</giorno>
            <ora>10:30:21</ora>
        </data>
        <identificativo>0198c0de00007000800000000000000a@pec.example.it</identificativo>
        <msgid>&lt;uno@client.test&gt;</msgid>
    </dati>
</postacert>
`,
  )
})

/** The elements after the identifiers, which tell one kind from another. */
const details = (data: Partial<Certification> & Pick<Certification, 'kind'>): string =>
  (/<\/msgid>\n([\s\S]*) {4}<\/dati>/.exec(writeDaticert({ ...ACCEPTANCE, ...data }))?.[1] ?? '').replace(/^ {8}/gm, '')

test('what each kind tells besides, in the order of the DTD', () => {
  const recipient = RECIPIENT
  const failure = { error: 'virus', text: '5.7.1 - Gestore - Eicar' } as const
  const consegna = `<consegna>${RECIPIENT}</consegna>\n`
  const errore = '<errore-esteso>5.7.1 - Gestore - Eicar</errore-esteso>\n'
  assert.equal(details({ kind: 'accettazione' }), '')
  assert.equal(details({ kind: 'non-accettazione', failure }), errore)
  assert.equal(details({ kind: 'posta-certificata', receiptType: 'breve' }), '<ricevuta tipo="breve"/>\n')
  assert.equal(
    details({ kind: 'presa-in-carico', received: [RECIPIENT, 'due@pec.altro.it'] }),
    `<ricezione>${RECIPIENT}</ricezione>\n<ricezione>due@pec.altro.it</ricezione>\n`,
  )
  assert.equal(
    details({ kind: 'avvenuta-consegna', receiptType: 'sintetica', recipient }),
    `<ricevuta tipo="sintetica"/>\n${consegna}`,
  )
  for (const kind of ['errore-consegna', 'preavviso-errore-consegna', 'rilevazione-virus'] as const) {
    assert.equal(details({ kind, recipient, failure }), consegna + errore)
    assert.match(writeDaticert({ ...ACCEPTANCE, kind, failure }), new RegExp(`<postacert tipo="${kind}" errore="virus">`))
  }
})

/** The XML as libxml2 reads it, valid against the DTD. */
function read(data: Certification): {
  text: (element: string) => string | undefined
  count: (element: string) => number
  all: (element: string) => string[]
} {
  const written = writeDaticert(data)
  assert.ok(written.isWellFormed())
  const document = XmlDocument.fromBuffer(Buffer.from(written))
  try {
    validator.validate(document)
    const found = new Map<string, string[]>()
    for (const node of document.find('//*')) {
      const { name, content } = node as unknown as { name: string; content: string }
      found.set(name, [...(found.get(name) ?? []), content])
    }
    const all = (element: string): string[] => found.get(element) ?? []
    return { text: (element) => all(element)[0], count: (element) => all(element).length, all }
  } finally {
    document.dispose()
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      ']]>',
      '<!--',
      '&lt;',
      '</oggetto>',
      '<?xml?>',
      '\r',
      '\n',
      '\r\n',
      '\u0000',
      '\ufffe',
      'è',
    ),
  }),
)

const KINDS: readonly MessageKind[] = [
  'accettazione',
  'non-accettazione',
  'presa-in-carico',
  'avvenuta-consegna',
  'posta-certificata',
  'errore-consegna',
  'preavviso-errore-consegna',
  'rilevazione-virus',
]

const hostile: fc.Arbitrary<Certification> = fc.record(
  {
    kind: fc.constantFrom(...KINDS),
    provider: text,
    at: fc.constant(AT),
    submission: fc.record({
      pecMsgid: text,
      subject: text,
      sender: text,
      replyTo: text,
      msgid: fc.option(text),
      rawSubject: fc.option(fc.constant('')),
      recipients: fc.array(fc.record({ address: text, certified: fc.boolean(), copy: fc.boolean() }), {
        minLength: 1,
        maxLength: 3,
      }),
      receiptType: fc.constantFrom('completa', 'breve', 'sintetica'),
    }),
    receiptType: fc.constantFrom('completa', 'breve', 'sintetica'),
    recipient: text,
    received: fc.array(text, { maxLength: 3 }),
    failure: fc.record({ error: fc.constantFrom('no-dest', 'no-dominio', 'virus', 'altro'), text }),
  },
  { requiredKeys: ['kind', 'provider', 'at', 'submission'] },
)

/** XML 1.0 2.2: the characters that a document may hold; the others read as U+FFFD. */
const readable = (text: string): string =>
  Array.from(text, (character) =>
    /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]$/u.test(character) ? character : '\ufffd',
  ).join('')

test('any data gives a valid document that reads back equal, but for characters that no XML may hold', () => {
  fc.assert(
    fc.property(hostile, (data) => {
      const { text, count, all } = read(data)
      const { submission } = data
      assert.equal(text('oggetto'), submission.rawSubject === null ? undefined : readable(submission.subject))
      assert.equal(text('mittente'), readable(submission.sender))
      assert.equal(text('destinatari'), readable(submission.recipients[0]?.address ?? ''))
      assert.equal(count('destinatari'), submission.recipients.length)
      assert.equal(text('risposte'), readable(submission.replyTo))
      assert.equal(text('msgid'), submission.msgid === null ? undefined : readable(submission.msgid))
      assert.equal(text('gestore-emittente'), readable(data.provider))
      assert.equal(text('consegna'), data.recipient === undefined ? undefined : readable(data.recipient))
      assert.equal(text('errore-esteso'), data.failure && readable(data.failure.text))
      assert.equal(count('ricevuta'), data.receiptType ? 1 : 0)
      assert.deepEqual(all('ricezione'), (data.received ?? []).map(readable))
      assert.equal(text('identificativo'), readable(submission.pecMsgid))
    }),
  )
})

test('xmllint finds documents of every kind valid against the DTD', async (t) => {
  if (!requireTools(t, 'xmllint')) return
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-daticert-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = [ACCEPTANCE, ...fc.sample(hostile, { numRuns: 100, seed: 1 })].map((data, index) => {
    const file = join(folder, `${index}.xml`)
    writeFileSync(file, writeDaticert(data))
    return file
  })
  const validate = (...files: string[]) => execute('xmllint', ['--noout', '--dtdvalid', DTD.pathname, ...files])
  const { code, stderr } = await validate(...files)
  assert.equal(code, 0, stderr)
  const spoilt = join(folder, 'spoilt.xml')
  writeFileSync(spoilt, writeDaticert(ACCEPTANCE).replace(/<risposte>.*<\/risposte>/, ''))
  assert.notEqual((await validate(spoilt)).code, 0)
})
