import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { AT, ISSUER, MESSAGE, RECEIVED, RECIPIENT, SENDER, certifiable, envelopeOf } from '../../test/support/certification.ts'
import { takeApart } from '../../test/support/take-apart.ts'
import { requireTools } from '../../test/support/tools.ts'
import { parseHeader } from '../mime/header.ts'
import { countLines, decodeParsed, parseStructure } from '../mime/structure.ts'
import { anomalyEnvelope } from '../pec/anomaly.ts'
import { briefOriginal } from '../pec/brief.ts'
import type { UnsealedMessage } from '../pec/message.ts'
import { acceptanceReceipt, deliveryReceipt } from '../pec/receipts.ts'
import { sealMessage } from './seal-message.ts'
import { openBench, type Bench } from './test-openssl.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

const HEADER = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: Prova\r\nMessage-ID: <uno@client.test>\r\n`
const MULTIPART = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="parte"\r\n'
const ATTACHMENT = `Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(19)}\r\n`

const SUBMISSIONS: Record<string, Buffer> = {
  'of 7bit text': MESSAGE,
  'of 8bit text': Buffer.from(`${HEADER}Content-Type: text/plain; charset=utf-8\r\n\r\nPerché no? €\r\n`),
  'with a raw 8-bit header only': Buffer.from(`${HEADER}X-Note: Perché\r\n\r\nTesto\r\n`),
  'with attachments': Buffer.from(
    `${HEADER}${MULTIPART}\r\npreamble\r\n--parte\r\n\r\nTesto\r\n--parte\r\n${ATTACHMENT}--parte\r\n${ATTACHMENT}--parte--\r\n`,
  ),
  'with a message in it': Buffer.concat([
    Buffer.from(`${HEADER}${MULTIPART}\r\n--parte\r\nContent-Type: message/rfc822\r\n\r\n`),
    MESSAGE,
    Buffer.from('\r\n--parte--\r\nepilogue'),
  ]),
  'with an unclosed multipart': Buffer.from(`${HEADER}${MULTIPART}\r\n--parte\r\n\r\nTesto`),
  'with an empty body': Buffer.from(`${HEADER}\r\n`),
  'with a body of one line break': Buffer.from(`${HEADER}\r\n\r\n`),
  'without an empty line': Buffer.from(HEADER),
  'without an end of its last header line': Buffer.from(HEADER.slice(0, -2)),
  'without a line break at its end': Buffer.from(`${HEADER}\r\nTesto`),
  'with lines like boundaries': Buffer.from(
    `${HEADER}\r\n--\r\n----=_s_\r\n----=_m_00000000000000000000000000000000\r\n------=_m_\r\n--parte--\r\n.\r\n..\r\nFrom me\r\n--`,
  ),
  'with long lines and blanks at their ends': Buffer.from(`${HEADER}\r\n${'x'.repeat(5000)} \t\r\n \r\n\t\r\n`),
}

/** The sealed message as it is stored, put together; structure and size are those of the whole. */
async function seal(message: UnsealedMessage, original: Buffer | null, body: Buffer): Promise<Buffer> {
  const slice = original && { bytes: body, lines: countLines(body), structure: parseStructure(original).root }
  const sealed = await sealMessage(bench.sealer, message, AT.ms, slice)
  const whole = Buffer.concat([sealed.head, original ? body : Buffer.alloc(0), sealed.tail])
  assert.equal(sealed.size, whole.length)
  assert.deepEqual(decodeParsed(sealed.parsed), parseStructure(whole))
  return whole
}

function verifies(whole: Buffer): boolean {
  bench.file('message.eml', whole)
  return bench.openssl('cms', '-verify', '-attime', String(AT.ms / 1000), '-CAfile', 'ca.pem', '-in', 'message.eml').ok
}

for (const [name, submission] of Object.entries(SUBMISSIONS)) {
  test(`envelope and delivery receipt of an original ${name}: sealed, enclosed byte for byte, parsed as a whole`, async (t: TestContext) => {
    if (!requireTools(t, 'openssl')) return
    const certified = certifiable(submission)
    const original = Buffer.concat([certified.original.header, certified.body])
    const input = { issuer: ISSUER, submission: certified.submission, at: AT, messageId: 'r@pec.example.it' }
    const receipt = deliveryReceipt({ ...input, recipient: RECIPIENT, receiptType: 'completa', original: certified.original })
    for (const message of [envelopeOf(certified), receipt]) {
      const whole = await seal(message, original, certified.body)
      assert.ok(verifies(whole), 'openssl verifies the seal')
      const [, , postacert] = parseStructure(whole).root.children[0]?.children ?? []
      assert.equal(postacert?.subtype, 'rfc822')
      assert.deepEqual(whole.subarray(postacert.body, postacert.end), original)
      assert.deepEqual(takeApart(whole).original, original)
    }
  })
}

for (const [name, submission] of Object.entries(SUBMISSIONS)) {
  test(`brief receipt and anomaly envelope of a message ${name}: sealed, enclosed byte for byte, parsed as a whole`, async (t: TestContext) => {
    if (!requireTools(t, 'openssl')) return
    const certified = certifiable(submission)
    const brief = briefOriginal(certified.original.header, certified.body)
    const enclosed = { ...certified.original, header: brief, bodyLength: 0 }
    const input = { issuer: ISSUER, submission: certified.submission, at: AT, messageId: 'r@pec.example.it' }
    const receipt = deliveryReceipt({ ...input, recipient: RECIPIENT, receiptType: 'breve', original: enclosed })
    const sealed = await sealMessage(bench.sealer, receipt, AT.ms, null)
    const whole = Buffer.concat([sealed.head, sealed.tail])
    assert.ok(verifies(whole), 'openssl verifies the seal')
    assert.equal(sealed.size, whole.length)
    assert.deepEqual(decodeParsed(sealed.parsed), parseStructure(whole))
    assert.deepEqual(takeApart(whole).original, brief)

    const header = parseHeader(submission)
    const received = submission.subarray(header.bodyStart)
    const anomaly = anomalyEnvelope({
      issuer: ISSUER,
      at: AT,
      header,
      received: RECEIVED,
      returnPath: SENDER,
      sender: SENDER,
      recipients: [RECIPIENT],
      subject: 'Prova',
      rawSubject: ' Prova',
      reason: 'firma non presente',
      enclosed: { ...certified.original, header: submission.subarray(0, header.bodyStart), bodyLength: received.length },
    })
    const delivered = await seal(anomaly, submission, received)
    assert.ok(verifies(delivered), 'openssl verifies the seal')
    const [, enclosedMessage] = parseStructure(delivered).root.children[0]?.children ?? []
    assert.deepEqual(delivered.subarray(enclosedMessage?.body, enclosedMessage?.end), submission)
  })
}

test('a body that is not the enclosed one is not sealed', async (t) => {
  if (!requireTools(t, 'openssl')) return
  const certified = certifiable(MESSAGE)
  const envelope = envelopeOf(certified)
  await assert.rejects(sealMessage(bench.sealer, envelope, AT.ms, null), /not the body/)
  const bytes = Buffer.from('x')
  const other = { bytes, lines: 0, structure: parseStructure(bytes).root }
  await assert.rejects(sealMessage(bench.sealer, envelope, AT.ms, other), /not the body/)
})

test('a receipt without an original needs no body, and ignores one', async (t) => {
  if (!requireTools(t, 'openssl')) return
  const { submission, body } = certifiable(MESSAGE)
  const message = acceptanceReceipt({ issuer: ISSUER, submission, at: AT, messageId: 'r@pec.example.it' })
  assert.ok(verifies(await seal(message, null, body)))
  const slice = { bytes: body, lines: countLines(body), structure: parseStructure(MESSAGE).root }
  const sealed = await sealMessage(bench.sealer, message, AT.ms, slice)
  assert.equal(sealed.size, sealed.head.length + sealed.tail.length)
  assert.ok(verifies(Buffer.concat([sealed.head, sealed.tail])))
})

test('one changed byte of text, data or original breaks the seal', async (t) => {
  if (!requireTools(t, 'openssl')) return
  const certified = certifiable(MESSAGE)
  const whole = await seal(envelopeOf(certified), Buffer.concat([certified.original.header, certified.body]), certified.body)
  assert.ok(verifies(whole))
  const text = whole.toString('latin1')
  for (const place of ['Il giorno', 'PD94', 'Subject: Convocazione\r\nMess', 'Testo.', 'Content-Type: multipart/mixed']) {
    const at = text.indexOf(place)
    assert.ok(at > 0, place)
    const changed = Buffer.from(whole)
    changed[at] = 0x41
    assert.equal(verifies(changed), false, place)
  }
})
