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
import { writeDaticert, type Certification } from './certification-data.ts'

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
}
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

/** The XML as libxml2 reads it, valid against the DTD. */
function read(data: Certification): { text: (element: string) => string | undefined; count: (element: string) => number } {
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
    return { text: (element) => found.get(element)?.[0], count: (element) => found.get(element)?.length ?? 0 }
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
const kinds = fc.constantFrom('accettazione', 'posta-certificata', 'avvenuta-consegna', 'errore-consegna')

const hostile: fc.Arbitrary<Certification> = fc
  .record({
    kind: kinds,
    subject: text,
    sender: text,
    recipients: fc.array(text, { minLength: 1, maxLength: 3 }),
    replyTo: text,
    msgid: fc.option(text),
    provider: text,
    failure: text,
    hasSubject: fc.boolean(),
  })
  .map(({ kind, provider, failure, hasSubject, recipients, subject, sender, replyTo, msgid }) => ({
    kind,
    provider,
    at: AT,
    submission: {
      pecMsgid: PEC_MSGID,
      subject,
      sender,
      replyTo,
      msgid,
      rawSubject: hasSubject ? '' : null,
      recipients: recipients.map((address, index) => ({ address, certified: index % 2 === 0 })),
    },
    ...((kind === 'posta-certificata' || kind === 'avvenuta-consegna') && { receiptType: 'completa' as const }),
    ...((kind === 'avvenuta-consegna' || kind === 'errore-consegna') && { recipient: recipients[0] ?? '' }),
    ...(kind === 'errore-consegna' && { failure: { error: 'altro' as const, text: failure } }),
  }))

/** XML 1.0 2.2: the characters that a document may hold; the others read as U+FFFD. */
const readable = (text: string): string =>
  Array.from(text, (character) =>
    /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]$/u.test(character) ? character : '\ufffd',
  ).join('')

test('any data gives a valid document that reads back equal, but for characters that no XML may hold', () => {
  fc.assert(
    fc.property(hostile, (data) => {
      const { text, count } = read(data)
      const { submission } = data
      assert.equal(text('oggetto'), submission.rawSubject === null ? undefined : readable(submission.subject))
      assert.equal(text('mittente'), readable(submission.sender))
      assert.equal(text('destinatari'), readable(submission.recipients[0]?.address ?? ''))
      assert.equal(count('destinatari'), submission.recipients.length)
      assert.equal(text('risposte'), readable(submission.replyTo))
      assert.equal(text('msgid'), submission.msgid === null ? undefined : readable(submission.msgid))
      assert.equal(text('gestore-emittente'), readable(data.provider))
      assert.equal(text('consegna'), data.recipient && readable(data.recipient))
      assert.equal(text('errore-esteso'), data.failure && readable(data.failure.text))
      assert.equal(count('ricevuta'), data.receiptType ? 1 : 0)
    }),
  )
})

test('xmllint finds documents of every kind valid against the DTD', async (t) => {
  if (!requireTools(t, 'xmllint')) return
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-daticert-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = [ACCEPTANCE, ...fc.sample(hostile, { numRuns: 50, seed: 1 })].map((data, index) => {
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
