import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AT, ISSUER, MESSAGE, RECEIVED, RECIPIENT, certifiable, envelopeOf } from '../../test/support/certification.ts'
import { foreignDaticert, foreignMessage, receiptFields, type ForeignShape } from '../../test/support/foreign-message.ts'
import { readConfig } from '../config/config.ts'
import { inspectMessage } from '../incoming/inspect.ts'
import { parseHeader } from '../mime/header.ts'
import { anomalyEnvelope } from '../pec/anomaly.ts'
import type { UnsealedMessage } from '../pec/message.ts'
import { bodyOf, sealMessage } from '../seal/seal-message.ts'
import { createTestAuthority } from '../seal/test-authority.ts'
import { NOW, openBench, type Bench } from '../seal/test-openssl.ts'
import type { Output } from './command.ts'
import { describeInspection } from './verify-output.ts'
import { verify } from './verify.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

async function run(
  file: string,
  options: Record<string, string> = {},
  environment: Record<string, string> = {},
): Promise<Output> {
  const config = readConfig({ CERALACCA_DATA: bench.folder, ...environment })
  const output = await verify.run({ config, operands: [file], options })
  assert.ok(output)
  return output
}

/** Of a message in a file, under the authority that sealed it. */
const runOn = (bytes: Buffer): Promise<Output> => run(bench.file('message.eml', bytes), { ca: join(bench.folder, 'ca.pem') })

async function sealed(unsealed: UnsealedMessage, header: Buffer, body: Buffer): Promise<Buffer> {
  const { head, tail } = await sealMessage(bench.sealer, unsealed, NOW, bodyOf(header, body))
  return Buffer.concat([head, unsealed.enclosed?.bodyLength ? body : Buffer.alloc(0), tail])
}

const foreign = (shape: ForeignShape = {}): Promise<Buffer> =>
  foreignMessage((content) => bench.sealer.seal(hash('sha256', content, 'buffer'), NOW), {
    ...shape,
    fields: (shape.fields ?? receiptFields('errore-consegna', 'AVVISO DI MANCATA CONSEGNA')).map((field) =>
      field.replace('posta-certificata@pec.altro.test', ISSUER.address),
    ),
  })

test('an envelope of ours is verified, and what it certifies is told', async () => {
  const made = certifiable(MESSAGE)
  const bytes = await sealed(envelopeOf(made), made.original.header, made.body)
  const { text, json, exitCode } = await runOn(bytes)
  assert.equal(exitCode, 0)
  assert.partialDeepStrictEqual(json, {
    verified: true,
    class: 'envelope',
    kind: 'posta-certificata',
    problem: null,
    seal: { ok: true, addresses: [ISSUER.address], signingTime: new Date(NOW).toISOString(), digest: 'sha256' },
    certified: {
      pecMsgid: made.submission.pecMsgid,
      sender: made.submission.sender,
      at: new Date(AT.ms).toISOString(),
      recipients: [{ address: RECIPIENT, certified: true }, { certified: false }],
      receiptType: 'completa',
    },
    notConsulted: ['the directory of the providers', 'revocation lists'],
  })
  for (const told of [
    /^Verdict +verified: posta-certificata/m,
    /Certified +posta-certificata by Gestore/,
    /Not consulted: the directory/,
    new RegExp(RECIPIENT),
  ]) {
    assert.match(text, told)
  }
})

test('a receipt of another provider, with its reason', async () => {
  const data = '<consegna>a@b.test</consegna><errore-esteso>5.1.1 - G - indirizzo non valido</errore-esteso>'
  const daticert = foreignDaticert({ kind: 'errore-consegna', error: 'no-dest', data })
  const { text, json, exitCode } = await runOn(await foreign({ daticert, original: null }))
  assert.equal(exitCode, 0)
  assert.partialDeepStrictEqual(json, {
    class: 'receipt',
    certified: { error: 'no-dest', recipient: 'a@b.test', original: null },
  })
  assert.match(text, /reason +5\.1\.1 - G - indirizzo non valido/)
})

test('an anomaly envelope: its seal holds, and it certifies nothing', async () => {
  const enclosed = { header: MESSAGE, bodyLength: 0, eightBit: false }
  const of = {
    subject: 'x',
    rawSubject: ' x',
    sender: 'x@example.com',
    recipients: [RECIPIENT],
    returnPath: '',
    reason: 'motivo',
  }
  const unsealed = anomalyEnvelope({ issuer: ISSUER, at: AT, header: parseHeader(MESSAGE), received: RECEIVED, enclosed, ...of })
  const { text, json, exitCode } = await runOn(await sealed(unsealed, MESSAGE, Buffer.alloc(0)))
  assert.equal(exitCode, 0)
  assert.partialDeepStrictEqual(json, { class: 'anomaly', kind: 'anomalia', certified: null })
  assert.match(text, /certifies nothing/)
})

test('what is not verified: ordinary mail, a broken seal, another authority, a wrong form', async () => {
  const bytes = await foreign({
    fields: receiptFields('accettazione', 'ACCETTAZIONE'),
    daticert: foreignDaticert({ kind: 'accettazione', data: '' }),
  })
  assert.equal((await runOn(bytes)).exitCode, 0)
  const ordinary = await runOn(MESSAGE)
  assert.equal(ordinary.exitCode, 1)
  assert.match(ordinary.text, /NOT verified: there is no seal/)

  const broken = await runOn(Buffer.from(bytes.toString('latin1').replace('Testo.', 'Testa.'), 'latin1'))
  assert.equal(broken.exitCode, 1)
  assert.partialDeepStrictEqual(broken.json, {
    verified: false,
    class: 'ordinary',
    seal: { ok: false, reason: 'digest-mismatch' },
  })
  assert.match(broken.text, /Claimed +accettazione/)

  const elsewhere = bench.file('elsewhere.pem', (await createTestAuthority({ name: 'Altra', now: NOW })).certificate)
  const untrusted = await run(bench.file('message.eml', bytes), { ca: elsewhere })
  assert.equal(untrusted.exitCode, 1)
  assert.partialDeepStrictEqual(untrusted.json, { seal: { reason: 'untrusted-chain' } })

  const malformed = await runOn(await foreign({ daticert: foreignDaticert({ kind: 'accettazione', data: '' }) }))
  assert.equal(malformed.exitCode, 1)
  assert.partialDeepStrictEqual(malformed.json, { class: 'malformed', verified: false })
  assert.match(malformed.text, /different kinds of message/)
})

test('the certificates that are trusted: --ca, the setting, the test authority, or an error', async () => {
  const made = certifiable(MESSAGE)
  const file = bench.file('envelope.eml', await sealed(envelopeOf(made), made.original.header, made.body))
  await assert.rejects(run(file), { code: 'no-trusted-ca' })
  const setting = { CERALACCA_TRUSTED_CA_FILE: join(bench.folder, 'ca.pem') }
  assert.equal((await run(file, {}, setting)).exitCode, 0)
  mkdirSync(join(bench.folder, 'keys'))
  bench.file('keys/ca.pem', bench.authority.certificate)
  assert.equal((await run(file)).exitCode, 0)
  await assert.rejects(run(join(bench.folder, 'nothing.eml')), { code: 'unreadable-file' })
  await assert.rejects(run(file, { ca: file }), { code: 'certificate-unreadable' })
})

test('what the directory says, where it is consulted', async () => {
  const made = certifiable(MESSAGE)
  const bytes = await sealed(envelopeOf(made), made.original.header, made.body)
  const inspection = await inspectMessage(bytes, bench.roots, NOW)
  const tell = (provider: string | null, foreignSender: boolean): Output =>
    describeInspection(inspection, { provider, foreignSender }, 'f', 'ca')
  const known = tell('Gestore', false)
  assert.equal(known.exitCode, 0)
  assert.match(known.text, /^Provider +Gestore/m)
  assert.match(known.text, /Not consulted: revocation lists\./)
  assert.partialDeepStrictEqual(known.json, { provider: 'Gestore', notConsulted: ['revocation lists'] })
  for (const [output, why] of [
    [tell(null, false), /NOT verified: .* no provider in the directory/],
    [tell('Gestore', true), /NOT verified: .* domain of the sender/],
  ] as const) {
    assert.equal(output.exitCode, 1)
    assert.match(output.text, why)
  }
})

test('a message writes nothing of its own to the terminal', async () => {
  const { text } = await runOn(Buffer.from('Subject: \u001b[2J\u0007x =?UTF-8?Q?=1B]0;y=07?=\r\n\r\n'))
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/)
})
