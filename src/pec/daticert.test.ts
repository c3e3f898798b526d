import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { diag } from 'libxml2-wasm'
import { AT, PEC_MSGID, RECIPIENT, SENDER } from '../../test/support/certification.ts'
import { FOREIGN_SENDER, foreignDaticert } from '../../test/support/foreign-message.ts'
import { writeDaticert, type Certification } from './certification-data.ts'
import { DATICERT_DTD } from './daticert-dtd.ts'
import { MAX_DATICERT } from './daticert-tree.ts'
import { readDaticert, type ReadDaticert } from './daticert.ts'

function readValid(xml: string | Buffer): ReadDaticert {
  const read = readDaticert(Buffer.from(xml))
  assert.ok(!('problem' in read), 'problem' in read ? read.problem : '')
  return read
}

function problemOf(xml: string | Buffer): string {
  const read = readDaticert(Buffer.from(xml))
  return 'problem' in read ? read.problem : 'none'
}

test('what other providers write', () => {
  const read = readValid(
    foreignDaticert({
      kind: 'errore-consegna',
      error: 'no-dest',
      data: '<consegna> a@b.test\n</consegna><errore-esteso>5.1.1 - G - testo</errore-esteso>',
    }),
  )
  assert.deepEqual(read, {
    kind: 'errore-consegna',
    error: 'no-dest',
    errorText: '5.1.1 - G - testo',
    sender: FOREIGN_SENDER,
    recipients: [
      { address: 'mario.rossi@pec.example.it', certified: true },
      { address: 'anna.bianchi@pec.example.it', certified: true },
    ],
    replyTo: FOREIGN_SENDER,
    subject: 'Città di Roma',
    provider: 'Altro Gestore S.p.A.',
    at: AT,
    pecMsgid: 'opec210312.20260315103021.288127.606.1.53@pec.altro.test',
    msgid: '<SN05IE$951DEC16@altro.test>',
    receiptType: null,
    recipient: 'a@b.test',
    received: [],
  })
})

const text = fc.string({
  unit: fc.constantFrom('a', 'è', '日', '<', '&', '"', ']]>', '\r\n', '\u0000', ' ', '</mittente>', '&#60;', '😀'),
})
const certifications: fc.Arbitrary<Certification> = fc
  .record({
    kind: fc.constantFrom(
      'accettazione',
      'presa-in-carico',
      'avvenuta-consegna',
      'preavviso-errore-consegna',
      'rilevazione-virus',
    ),
    subject: fc.option(text),
    addresses: fc.array(text, { minLength: 1, maxLength: 4 }),
    received: fc.array(text),
    msgid: fc.option(text.map((id) => `<${id}>`)),
    receiptType: fc.constantFrom('completa', 'breve', 'sintetica'),
    failure: text,
  })
  .map(({ kind, subject, addresses, received, msgid, receiptType, failure }) => ({
    kind,
    provider: 'Gestore & C.',
    at: AT,
    receiptType,
    received,
    recipient: RECIPIENT,
    failure: { error: 'virus', text: failure },
    submission: {
      pecMsgid: PEC_MSGID,
      msgid,
      sender: SENDER,
      replyTo: SENDER,
      recipients: addresses.map((address, index) => ({ address, certified: index % 2 === 0 })),
      subject: subject ?? '',
      rawSubject: subject,
      receiptType,
    },
  }))

test('reads back what is written, but for blanks around and characters that no XML may hold', () => {
  const readable = (value: string): string => value.replaceAll('\u0000', '\ufffd')
  const trimmed = (value: string): string => readable(value).trim()
  fc.assert(
    fc.property(certifications, (data) => {
      const read = readValid(writeDaticert(data))
      const { submission } = data
      assert.deepEqual(read, {
        kind: data.kind,
        error: 'virus',
        errorText: trimmed(data.failure?.text ?? ''),
        sender: SENDER,
        recipients: submission.recipients.map((one) => ({ ...one, address: trimmed(one.address) })),
        replyTo: SENDER,
        subject: submission.rawSubject === null ? null : readable(submission.subject),
        provider: 'Gestore & C.',
        at: AT,
        pecMsgid: PEC_MSGID,
        msgid: submission.msgid && trimmed(submission.msgid),
        receiptType: data.receiptType,
        recipient: RECIPIENT,
        received: data.received?.map(trimmed),
      })
    }),
  )
})

test('attributes that are left out have the values of the DTD', () => {
  const read = readValid(foreignDaticert({ recipients: '<destinatari>a@b.test</destinatari>' }).replace(' errore="nessuno"', ''))
  assert.equal(read.error, 'nessuno')
  assert.deepEqual(read.recipients, [{ address: 'a@b.test', certified: true }])
})

test('comments, CDATA and a stray letter between elements do no harm', () => {
  const xml = foreignDaticert({ subject: '<!-- no --><oggetto><![CDATA[a < b]]></oggetto>x' }).replace(
    '</risposte>',
    '</risposte>a',
  )
  assert.equal(readValid(xml).subject, 'a < b')
})

test('an identifier in angle brackets is the one inside; an empty msgid is none', () => {
  const xml = foreignDaticert()
    .replace(/<identificativo>.*</, '<identificativo>&lt;a@b&gt;<')
    .replace(/<msgid>.*</, '<msgid><')
  const { pecMsgid, msgid } = readValid(xml)
  assert.deepEqual([pecMsgid, msgid], ['a@b', null])
})

test('what does not follow the DTD is no daticert.xml', () => {
  const good = foreignDaticert()
  const spoilt: Record<string, string> = {
    'no sender': good.replace(/<mittente>.*<\/mittente>/, ''),
    'two senders': good.replace('<risposte>', '<mittente>x@y</mittente><risposte>'),
    'another order': good.replace(/(<mittente>.*<\/mittente>)([^]*?<\/destinatari>)/, '$2$1'),
    'two identifiers': good.replace('<msgid>', '<identificativo>x@y</identificativo><msgid>'),
    'no recipient': foreignDaticert({ recipients: '' }),
    'an unknown kind': foreignDaticert({ kind: 'ricevuta' }),
    'an unknown error': foreignDaticert({ error: 'boh' }),
    'an unknown receipt': foreignDaticert({ data: '<ricevuta tipo="lunga"/>' }),
    'an unknown kind of recipient': foreignDaticert({ recipients: '<destinatari tipo="x">a@b</destinatari>' }),
    'an unknown element': good.replace('<risposte>', '<ccn>x@y</ccn><risposte>'),
    'an unknown attribute': good.replace('<mittente>', '<mittente tipo="x">'),
    'an element in a text': good.replace('<mittente>', '<mittente><b>x</b>'),
    'a namespace': good.replace('<postacert ', '<postacert xmlns="urn:x" '),
    'another root': '<dati/>',
    'no time zone': good.replace(' zona="+0100"', ''),
    'something in what is empty': foreignDaticert({ data: '<ricevuta tipo="breve">x</ricevuta>' }),
  }
  for (const [name, xml] of Object.entries(spoilt)) {
    assert.notEqual(xml, good, name)
    assert.match(problemOf(xml), /^daticert\.xml (?:is not valid|has an )/, name)
  }
})

test('a date that is none', () => {
  assert.equal(problemOf(foreignDaticert().replace('15/03/2026', '31/02/2026')), 'daticert.xml has no readable date')
})

test('what is not XML', () => {
  const good = Buffer.from(foreignDaticert())
  for (const xml of [
    '',
    'no',
    '<postacert',
    '\u0000',
    `${good.toString()}<a/>`,
    good.subarray(0, 400),
    good.toString('utf16le'),
    Buffer.from(good.toString(), 'latin1'),
  ]) {
    assert.equal(problemOf(xml), 'daticert.xml is not well-formed')
  }
})

test('no DOCTYPE: no entities, nothing loaded', () => {
  const withDoctype = (doctype: string, subject = 'x'): string =>
    foreignDaticert({ subject: `<oggetto>${subject}</oggetto>` }).replace('?>\n', `?>\n${doctype}\n`)
  assert.equal(problemOf(withDoctype('<!DOCTYPE postacert>')), 'daticert.xml has a DOCTYPE')
  assert.equal(problemOf(withDoctype('<!DOCTYPE postacert SYSTEM "file:///etc/hostname">')), 'daticert.xml has a DOCTYPE')
  assert.equal(
    problemOf(withDoctype('<!DOCTYPE postacert [<!ENTITY a SYSTEM "file:///etc/hostname">]>', '&a;')),
    'daticert.xml has a DOCTYPE',
  )
  const bomb = Array.from({ length: 20 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(20)}">`).join('')
  assert.match(problemOf(withDoctype(`<!DOCTYPE postacert [<!ENTITY e0 "x">${bomb}]>`, '&e20;')), /DOCTYPE|well-formed/)
})

test('hostile documents cost little time', () => {
  const filled = (start: string, piece: string): string => start + piece.repeat((MAX_DATICERT - start.length) / piece.length)
  const start = '<postacert tipo="accettazione"><intestazione>'
  for (const xml of [
    filled(start, '<destinatari/>'),
    filled('<a>', '<a>'),
    filled(start, '<risposte/>'),
    `${filled(start, '<!---->x').slice(0, -40)}</intestazione></postacert>`,
    filled(start, '&x;'),
    filled(start, '< '),
    `<postacert ${Array.from({ length: 70_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`,
  ]) {
    const begin = process.cpuUsage()
    assert.notEqual(problemOf(xml), 'none')
    const { user, system } = process.cpuUsage(begin)
    assert.ok(user + system < 4_000_000, `${xml.slice(0, 60)} took ${(user + system) / 1000} ms`)
  }
  assert.equal(problemOf('x'.repeat(MAX_DATICERT + 1)), 'daticert.xml is too large')
})

test('nothing of a document stays in memory, good or bad', () => {
  diag.configure({ enabled: true })
  try {
    for (const xml of [
      foreignDaticert(),
      foreignDaticert({ kind: 'x' }),
      '<!DOCTYPE postacert><postacert/>',
      '<postacert',
      '<a/>',
    ]) {
      readDaticert(Buffer.from(xml))
    }
    assert.deepEqual(diag.report(), {})
  } finally {
    diag.configure({ enabled: false })
  }
})

test('the DTD is the one of the rules', () => {
  const rules = readFileSync(new URL('../../test/data/postacert.dtd', import.meta.url), 'utf8').replace(/<!--[^]*?-->/g, '')
  const words = (dtd: string): string => dtd.replace(/\s+/g, ' ').trim()
  assert.equal(words(DATICERT_DTD), words(rules))
})
