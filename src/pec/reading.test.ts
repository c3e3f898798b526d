import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  AT,
  ISSUER,
  MESSAGE,
  PEC_MSGID,
  RECIPIENT,
  SENDER,
  certifiable,
  envelopeOf,
  wholeOf,
  RECEIVED,
} from '../../test/support/certification.ts'
import {
  ENVELOPE_FIELDS,
  FOREIGN_ID,
  FOREIGN_ORIGINAL,
  asEnclosed,
  foreignContent,
  foreignDaticert,
  foreignMessage,
  receiptFields,
  type ForeignShape,
} from '../../test/support/foreign-message.ts'
import { anomalyEnvelope } from './anomaly.ts'
import { findFormProblem } from './form.ts'
import { originalBytes, readMessage, type ReadMessage } from './reading.ts'
import {
  acceptanceReceipt,
  deliveryReceipt,
  nonAcceptanceNotice,
  nonDeliveryNotice,
  takeInCharge,
  timeoutNotice,
  virusNotice,
} from './receipts.ts'

const CMS = Buffer.from('no seal')
const foreign = (shape: ForeignShape = {}): Promise<Buffer> => foreignMessage(() => CMS, shape)
const read = async (shape: ForeignShape = {}): Promise<ReadMessage> => readMessage(await foreign(shape))

const made = certifiable(MESSAGE)
const input = { issuer: ISSUER, submission: made.submission, at: AT, messageId: 'receipt@pec.example.it' }
const failure = { error: 'no-dest', text: '5.1.1 - Gestore - indirizzo non valido' } as const
const virus = { error: 'virus', text: 'Eicar' } as const
const SERVICE = 'ricevute@pec.altro.it'

test('our own envelope tells what it was made from', () => {
  const bytes = wholeOf(envelopeOf(made), made.body)
  const message = readMessage(bytes)
  assert.equal(findFormProblem(message, [ISSUER.address]), null)
  assert.deepEqual(message.submission, made.submission)
  assert.equal(message.kind, 'posta-certificata')
  assert.equal(message.messageId, PEC_MSGID)
  const { kind, provider, at, error } = message.daticert ?? assert.fail()
  assert.deepEqual([kind, provider, at, error], ['posta-certificata', ISSUER.provider, AT, 'nessuno'])
  assert.ok(message.original)
  assert.deepEqual(originalBytes(bytes, message.original), Buffer.concat([made.original.header, made.body]))
  assert.deepEqual(message.seal?.cms, CMS)
})

test('our own receipts and notices tell what they were made from, and are correct', () => {
  const recipient = RECIPIENT
  const cases = {
    accettazione: [acceptanceReceipt(input), {}],
    'non-accettazione': [nonAcceptanceNotice({ ...input, failure }), { errorText: failure.text, error: 'no-dest' }],
    'presa-in-carico': [
      takeInCharge({ ...input, to: SERVICE, received: [recipient, SENDER] }),
      { received: [recipient, SENDER] },
    ],
    'avvenuta-consegna': [
      deliveryReceipt({ ...input, recipient, receiptType: 'sintetica', original: null }),
      { recipient, receiptType: 'sintetica' },
    ],
    'errore-consegna': [nonDeliveryNotice({ ...input, recipient, failure: virus }), { recipient, error: 'virus' }],
    'preavviso-errore-consegna': [timeoutNotice({ ...input, recipient, hours: 24 }), { recipient }],
    'rilevazione-virus': [virusNotice({ ...input, to: SERVICE, recipient, failure: virus }), { recipient, errorText: 'Eicar' }],
  } as const
  for (const [kind, [unsealed, expected]] of Object.entries(cases)) {
    const message = readMessage(wholeOf(unsealed))
    assert.equal(findFormProblem(message, [ISSUER.address]), null, kind)
    assert.equal(message.kind, kind)
    assert.partialDeepStrictEqual(message.daticert, { kind, at: AT, ...expected })
    // What only the envelope tells is not in a receipt without an original: the kind of receipt, and the copies.
    assert.deepEqual(message.submission, { ...made.submission, receiptType: message.daticert?.receiptType ?? 'completa' })
  }
})

test('a complete receipt of ours encloses the original', () => {
  const unsealed = deliveryReceipt({ ...input, recipient: RECIPIENT, receiptType: 'completa', original: made.original })
  const bytes = wholeOf(unsealed, made.body)
  const message = readMessage(bytes)
  assert.equal(findFormProblem(message), null)
  assert.ok(message.original)
  assert.deepEqual(originalBytes(bytes, message.original), Buffer.concat([made.original.header, made.body]))
})

test('an anomaly envelope is read as one, and is no certified message', () => {
  const header = readMessage(MESSAGE).header
  const enclosed = { header: MESSAGE, bodyLength: 0, eightBit: false }
  const of = { subject: 'Convocazione', rawSubject: ' Convocazione', sender: 'x@example.com', recipients: [RECIPIENT] }
  const bytes = wholeOf(
    anomalyEnvelope({
      issuer: ISSUER,
      at: AT,
      header,
      received: RECEIVED,
      returnPath: 'x@example.com',
      reason: 'motivo',
      enclosed,
      ...of,
    }),
  )
  const message = readMessage(bytes)
  assert.equal(message.kind, 'anomalia')
  assert.equal(message.daticert, null)
  assert.match(findFormProblem(message) ?? '', /anomaly envelope/)
  assert.ok(message.original)
  assert.ok(originalBytes(bytes, message.original).equals(MESSAGE))
})

test('what other providers vary makes no difference', async () => {
  const plain = await read()
  assert.equal(findFormProblem(plain), null)
  assert.equal(plain.marks.receiptType, 'completa', 'X-Tiporicevuta')
  const shapes: Record<string, ForeignShape> = {
    'the old type of the signature': { signatureType: 'application/x-pkcs7-signature' },
    'an unquoted micalg': { micalg: 'micalg=sha1' },
    'the original before the data': { originalFirst: true },
    'the signature before the content': { signatureFirst: true },
    'header names in capitals': { fields: ENVELOPE_FIELDS.map((field) => field.replace(/^[^:]+/, (name) => name.toUpperCase())) },
    'marks in capitals': { fields: ENVELOPE_FIELDS.map((field) => field.replace('posta-certificata', 'Posta-Certificata')) },
    'quoted-printable wrapped in tags': { daticertEncoding: 'quoted-printable' },
    '8-bit data': { daticertEncoding: '8bit' },
    'more parts': { extraParts: ['Content-Type: image/png; name="logo.png"\r\n\r\nx'] },
    'an original in base64': { originalEncoding: 'base64' },
    'a quoted-printable original': { originalEncoding: 'quoted-printable' },
    'an unclosed multipart': { closed: false },
    'a stray letter': { daticert: foreignDaticert().replace('</risposte>', '</risposte>a') },
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const bytes = await foreign(shape)
    const message = readMessage(bytes)
    assert.equal(findFormProblem(message), null, name)
    assert.deepEqual(message.daticert, plain.daticert, name)
    assert.deepEqual(message.submission, plain.submission, name)
    assert.deepEqual(message.seal?.cms, CMS, name)
    assert.ok(message.original, name)
    const original = originalBytes(bytes, message.original).toString('latin1')
    assert.equal(original.trimEnd(), FOREIGN_ORIGINAL, name)
    if (shape.signatureFirst !== true) {
      assert.ok(bytes.subarray(message.seal?.start, message.seal?.end).equals(foreignContent(shape)), name)
    }
  }
})

test('line ends of LF alone', async () => {
  const message = readMessage(Buffer.from((await foreign()).toString('latin1').replaceAll('\r\n', '\n'), 'latin1'))
  assert.equal(findFormProblem(message), null)
  assert.deepEqual(message.submission, (await read()).submission)
})

test('what only the original tells: the raw subject, and who is a copy', async () => {
  const { submission } = await read()
  assert.equal(submission?.rawSubject, ' =?UTF-8?Q?Citt=C3=A0?= di Roma')
  assert.equal(submission.subject, 'Città di Roma')
  assert.deepEqual(submission.recipients, [
    { address: 'mario.rossi@pec.example.it', certified: true },
    { address: 'anna.bianchi@pec.example.it', certified: true, copy: true },
  ])
  const without = await read({ original: FOREIGN_ORIGINAL.replace(/Subject: .*\r\n/, '') })
  assert.equal(without.submission?.rawSubject, null)
})

test('the raw subject of a receipt without an original', async () => {
  const receipt = (subject: string, written?: string) =>
    read({
      fields: [`Subject: ${subject}`, ...receiptFields('accettazione', 'x').slice(1)],
      original: null,
      daticert: foreignDaticert({ kind: 'accettazione', data: '', ...(written !== undefined && { subject: written }) }),
    }).then(({ submission }) => submission?.rawSubject)
  assert.equal(await receipt('ACCETTAZIONE: Uno'), ' Uno')
  assert.equal(await receipt('Ricevuta di accettazione', '<oggetto>Uno</oggetto>'), ' Uno')
  assert.equal(await receipt('Ricevuta'), ' =?UTF-8?B?Q2l0dMOgIGRpIFJvbWE=?=')
  assert.equal(await receipt('ACCETTAZIONE: ', ''), null)
  assert.equal(await receipt('ACCETTAZIONE: Uno', ''), ' Uno')
})

test('a certified message inside the original does not count', async () => {
  const inner = asEnclosed(await foreign({ daticert: foreignDaticert({ kind: 'accettazione', data: '' }) }))
  const nested = await read({
    original: `${FOREIGN_ORIGINAL.split('\r\n\r\n')[0]}\r\n${inner.slice(inner.indexOf('MIME-Version'))}`,
  })
  assert.equal(findFormProblem(nested), null)
  assert.equal(nested.daticert?.kind, 'posta-certificata')
  // Forwarded as an attachment by ordinary mail, nothing of it counts.
  const forwarded = readMessage(
    Buffer.from(
      `From: a@b\r\nContent-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--f--\r\n`,
      'latin1',
    ),
  )
  assert.deepEqual([forwarded.kind, forwarded.seal, forwarded.daticert, forwarded.original], [null, null, null, null])
})

test('an original of a thousand parts does not hide what comes after it', async () => {
  const parts = '--p\r\n\r\nx\r\n'.repeat(3000)
  const original = `From: a@b\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\n${parts}--p--`
  const message = await read({ original, originalFirst: true })
  assert.equal(findFormProblem(message), null)
  assert.ok(message.seal)
})

test('X-Riferimento-Message-ID stands in envelopes too: it makes no receipt', async () => {
  const message = await read()
  assert.equal(message.marks.reference, '<SN05IE$951DEC16@altro.test>')
  assert.equal(message.kind, 'posta-certificata')
})

test('no seal: no signature, two, or a part that nobody has sealed', async () => {
  const other = 'Content-Type: application/pkcs7-signature\r\n\r\nAAAA'
  for (const shape of [
    { signatureType: 'application/pgp-signature' },
    { extraSignedPart: other },
    { extraSignedPart: 'Content-Type: text/html\r\n\r\nx' },
  ]) {
    assert.equal((await read(shape)).seal, null)
  }
  const lost = (await foreign())
    .toString('latin1')
    .replace(/\r\n------76F9[^-]*\r\nContent-Type: application\/pkcs7[^]*$/, '\r\n')
  const message = readMessage(Buffer.from(lost, 'latin1'))
  assert.equal(message.seal, null)
  assert.equal(message.daticert?.pecMsgid, FOREIGN_ID, 'it can be looked at all the same')
})

test('ordinary mail and any bytes', () => {
  for (const bytes of [
    Buffer.alloc(0),
    MESSAGE,
    Buffer.alloc(1000, 0),
    Buffer.from('Content-Type: multipart/signed\r\n\r\n'),
    Buffer.alloc(1000, '\n'),
  ]) {
    const { seal, daticert, kind, original, submission } = readMessage(bytes)
    assert.deepEqual([seal, daticert, kind, original, submission], [null, null, null, null, null])
  }
})

test('any change of a message is read without an error, in little time and memory', async () => {
  const messages = [
    wholeOf(envelopeOf(made), made.body),
    await foreign(),
    await foreign({ daticertEncoding: 'quoted-printable', originalEncoding: 'base64' }),
  ]
  const pieces = fc.constantFrom(
    '\r\n',
    '\n',
    '\r\n\r\n',
    '--',
    '=',
    'Content-Type: multipart/mixed; boundary=""\r\n',
    'Content-Transfer-Encoding: base64\r\n',
    '<',
    '\u0000',
    ';',
  )
  const mutants = fc
    .record({
      message: fc.constantFrom(...messages),
      edits: fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          cut: fc.oneof(fc.nat(3), fc.nat(3000)),
          put: fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 })),
          times: fc.constantFrom(1, 1, 1, 2000),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ message, edits }) =>
      edits.reduce((bytes, { at, cut, put, times }) => {
        const from = Math.floor(at * bytes.length)
        return Buffer.concat([bytes.subarray(0, from), Buffer.from(put.repeat(times), 'latin1'), bytes.subarray(from + cut)])
      }, message),
    )
  const memory = process.memoryUsage().arrayBuffers
  fc.assert(
    fc.property(mutants, (bytes) => {
      const begin = process.cpuUsage()
      const message = readMessage(bytes)
      findFormProblem(message)
      const { seal, original } = message
      for (const range of [seal, original]) assert.ok(!range || (range.start <= range.end && range.end <= bytes.length))
      const { user, system } = process.cpuUsage(begin)
      assert.ok(user + system < 1_000_000, `${(user + system) / 1000} ms`)
    }),
    { numRuns: 1500 },
  )
  assert.ok(process.memoryUsage().arrayBuffers - memory < 200_000_000)
})

test('the cost is linear in the size, whatever the bytes are', () => {
  const size = 8 << 20
  const start = 'Content-Type: multipart/signed; boundary=b\r\n'
  const fill = (piece: string): Buffer => Buffer.concat([Buffer.from(start), Buffer.alloc(size, piece)])
  for (const piece of [
    '\n',
    'X: y\r\n',
    '--b\n',
    '\r\n--b',
    ' ',
    '"',
    '(',
    '--b\nContent-Type: multipart/mixed; boundary=b\n\n',
  ]) {
    const begin = process.cpuUsage()
    readMessage(fill(piece))
    const { user, system } = process.cpuUsage(begin)
    assert.ok(user + system < 5_000_000, `${JSON.stringify(piece)}: ${(user + system) / 1000} ms`)
  }
})
