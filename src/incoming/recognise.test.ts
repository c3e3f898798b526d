import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { AT, MESSAGE, certifiable, envelopeOf } from '../../test/support/certification.ts'
import {
  ENVELOPE_FIELDS,
  FOREIGN_ADDRESS,
  FOREIGN_ORIGINAL,
  asEnclosed,
  foreignContent,
  foreignDaticert,
  foreignMessage,
  receiptFields,
  type ForeignShape,
} from '../../test/support/foreign-message.ts'
import { temporaryError } from '../base/errors.ts'
import type { Directory, ProviderRecord } from '../directory/types.ts'
import { createCertificateCache } from '../seal/certificate-cache.ts'
import { openSealer, type Sealer } from '../seal/cms-template.ts'
import { identityOfFiles } from '../seal/file-identity.ts'
import { certificatesOf } from '../seal/pem.ts'
import { bodyOf, sealMessage } from '../seal/seal-message.ts'
import { createTestAuthority, type IssuedPair, type TestAuthority } from '../seal/test-authority.ts'
import { NOW, openBench, skipOpenssl, type Bench } from '../seal/test-openssl.ts'
import { verifyDetached } from '../seal/verify.ts'
import { inspectMessage, originOf } from './inspect.ts'
import { createRecogniser, type Recognised, type RecogniserDeps } from './recognise.ts'

const DAY = 86_400_000

let bench: Bench
let pair: IssuedPair
let sealer: Sealer
let directory: Directory

/** A directory of these records, as the real one answers. */
const directoryOf = (records: readonly ProviderRecord[]): Directory => ({
  providerOf: (domain) => Promise.resolve(records.find(({ domains }) => domains.includes(domain.toLowerCase()))),
  providerOfCertificate: (certificate) =>
    Promise.resolve(records.find(({ certificates }) => certificates.some((one) => one.equals(certificate)))),
})

const record = (name: string, domains: string[], certificates: Buffer[], unit: string | null = null): ProviderRecord => ({
  name,
  unit,
  domains,
  certificates,
  mailReceipt: `ricevute@${domains[0]}`,
  ldifUrl: null,
  description: null,
})

async function sealerOf(authority: TestAuthority, pair: IssuedPair): Promise<Sealer> {
  return openSealer(identityOfFiles({ certificate: pair.certificate, chain: authority.certificate, key: pair.key }))
}

before(async () => {
  bench = await openBench()
  pair = await bench.authority.issueSealCertificate({ providerName: 'Altro Gestore S.p.A.', address: FOREIGN_ADDRESS })
  sealer = await sealerOf(bench.authority, pair)
  directory = directoryOf([
    // The certificate is the main environment's, the domain a secondary one's.
    record('Altro Gestore S.p.A.', ['pec.main.test'], certificatesOf(pair.certificate)),
    record('ALTRO GESTORE S.p.A.', ['pec.altro.test'], [], 'secondario'),
    record('Gestore <Prova>', ['pec.example.it'], certificatesOf(bench.seal.certificate)),
  ])
})
after(() => bench.close())

const cache = createCertificateCache()

const sign =
  (by: Sealer = sealer, at = NOW) =>
  (content: Buffer): Promise<Buffer> =>
    by.seal(hash('sha256', content, 'buffer'), at)

const foreign = (shape: ForeignShape = {}): Promise<Buffer> => foreignMessage(sign(), shape)

function recognise(bytes: Buffer, deps: Partial<RecogniserDeps> = {}): Promise<Recognised> {
  return createRecogniser({
    directory,
    verify: (input) => verifyDetached(input, cache),
    roots: bench.roots,
    revocation: { check: () => Promise.resolve('good') },
    now: () => NOW,
    ...deps,
  }).recognise(bytes)
}

const outcome = (found: Recognised): string =>
  found.class === 'ordinary' ? found.reason : found.class === 'malformed' ? found.problem : found.class

test('a correct envelope: who sealed it, and what it certifies', async () => {
  const found = await recognise(await foreign())
  assert.equal(found.class, 'envelope')
  assert.equal(found.provider.name, 'Altro Gestore S.p.A.')
  assert.equal(found.seal.address, FOREIGN_ADDRESS)
  assert.equal(found.seal.signingTime, NOW)
  assert.equal(found.message.submission?.subject, 'Città di Roma')
})

test('our own envelope, as it is sealed', async () => {
  const made = certifiable(MESSAGE)
  const unsealed = envelopeOf(made)
  const { head, tail } = await sealMessage(bench.sealer, unsealed, NOW, bodyOf(made.original.header, made.body))
  const found = await recognise(Buffer.concat([head, made.body, tail]))
  assert.equal(found.class, 'envelope')
  assert.deepEqual(found.message.daticert?.at, AT)
})

test('every receipt, whoever the sender is', async () => {
  for (const [kind, data] of [
    ['accettazione', ''],
    ['avvenuta-consegna', '<ricevuta tipo="sintetica"/><consegna>a@b.test</consegna>'],
    ['presa-in-carico', '<ricezione>a@b.test</ricezione>'],
  ] as const) {
    const daticert = foreignDaticert({ kind, data }).replaceAll('pec.altro.test', 'pec.example.it')
    const found = await recognise(await foreign({ fields: receiptFields(kind, 'X'), daticert, original: null }))
    assert.equal(found.class, 'receipt')
    assert.equal(found.message.kind, kind)
  }
})

test('what the directory says to one who only looks', async () => {
  const look = async (shape: ForeignShape) => originOf(directory, await inspectMessage(await foreign(shape), bench.roots, NOW))
  assert.deepEqual(await look({}), { provider: 'Altro Gestore S.p.A.', foreignSender: false })
  const daticert = foreignDaticert().replace(/<mittente>.*</, '<mittente>mario@pec.example.it<')
  assert.deepEqual(await look({ daticert }), { provider: 'Altro Gestore S.p.A.', foreignSender: true })
  const nobody = directoryOf([])
  const inspection = await inspectMessage(await foreign(), bench.roots, NOW)
  assert.deepEqual(await originOf(nobody, inspection), { provider: null, foreignSender: false })
})

test('existence: no signature is ordinary mail', async () => {
  assert.equal(outcome(await recognise(MESSAGE)), 'no-signature')
  assert.equal(outcome(await recognise(Buffer.alloc(0))), 'no-signature')
})

test('origin: the certificate is in the directory, and the domain of the sender is of that provider', async () => {
  const stranger = await bench.authority.issueSealCertificate({ providerName: 'Altro Gestore S.p.A.', address: FOREIGN_ADDRESS })
  const other = await sealerOf(bench.authority, stranger)
  assert.equal(outcome(await recognise(await foreignMessage(sign(other)))), 'unknown-origin')
  assert.equal(outcome(await recognise(await foreignMessage(() => Buffer.from('no CMS')))), 'unknown-origin')
  for (const domain of ['pec.example.it', 'nowhere.test']) {
    const daticert = foreignDaticert().replace(/<mittente>.*</, `<mittente>mario@${domain}<`)
    assert.equal(outcome(await recognise(await foreign({ daticert }))), 'foreign-sender')
    // Nor by calling it something else: the sealed data say that it is an envelope.
    assert.equal(
      outcome(await recognise(await foreign({ daticert, fields: receiptFields('accettazione', 'X') }))),
      'foreign-sender',
    )
  }
  const daticert = foreignDaticert().replace(/<mittente>.*</, '<mittente>Mario@PEC.Main.TEST<')
  assert.equal(outcome(await recognise(await foreign({ daticert }))), 'envelope')
})

test('validity: the signature, the path, the time', async () => {
  const bytes = await foreign()
  const changed = (from: string, to: string): Buffer => {
    const text = bytes.toString('latin1')
    assert.ok(text.includes(from) && from.length === to.length, from)
    return Buffer.from(text.replace(from, to), 'latin1')
  }
  const tampered = await recognise(changed('Testo.', 'Testa.'))
  assert.equal(tampered.class, 'ordinary')
  assert.deepEqual([tampered.reason, tampered.failure], ['invalid-signature', 'digest-mismatch'])
  assert.equal(outcome(await recognise(changed('name="postacert.eml"', 'name="postacerX.eml"'))), 'invalid-signature')
  // The header is not sealed.
  assert.equal(outcome(await recognise(changed('Return-Path: <ufficio@', 'Return-Path: <nessuno@'))), 'envelope')

  const exchanged = await foreignMessage(() => sign()(foreignContent({ original: `${FOREIGN_ORIGINAL} altro` })))
  assert.equal(outcome(await recognise(exchanged)), 'invalid-signature')
  const elsewhere = await createTestAuthority({ name: 'Altra', now: NOW })
  assert.equal(outcome(await recognise(bytes, { roots: certificatesOf(elsewhere.certificate) })), 'invalid-signature')
})

test('another daticert.xml under the same seal', async () => {
  const content = foreignContent()
  const cms = await sign()(content)
  const daticert = foreignDaticert().replace('10:30:21', '09:30:21')
  assert.equal(outcome(await recognise(await foreignMessage(() => cms, { daticert }))), 'invalid-signature')
})

test('validity in time: when it was sealed, if that is not long ago', async () => {
  const briefly = await bench.authority.issueSealCertificate({
    providerName: 'Altro Gestore S.p.A.',
    address: FOREIGN_ADDRESS,
    days: 1,
  })
  const records = [record('Altro Gestore S.p.A.', ['pec.altro.test'], certificatesOf(briefly.certificate))]
  const bytes = await foreignMessage(sign(await sealerOf(bench.authority, briefly)))
  const at = async (time: number): Promise<string> =>
    outcome(await recognise(bytes, { directory: directoryOf(records), now: () => time }))
  assert.equal(await at(NOW), 'envelope')
  assert.equal(await at(NOW + 1.5 * DAY), 'envelope', 'expired while it was under way')
  assert.equal(await at(NOW + 3 * DAY), 'expired')
  assert.equal(await at(NOW - 60_000), 'envelope', 'clocks differ')
  assert.equal(await at(NOW - 3_600_000), 'expired', 'sealed in the future')
})

test('revocation: asked about the signer and his chain as of now; a list that cannot be had is a temporary error', async () => {
  const bytes = await foreign()
  const asked: [Buffer, number, number][] = []
  const found = await recognise(bytes, {
    revocation: {
      check: (certificate, chain, at) => {
        asked.push([certificate, chain.length, at])
        return Promise.resolve('revoked')
      },
    },
    now: () => NOW + 5000,
  })
  assert.equal(outcome(found), 'revoked')
  assert.deepEqual(asked, [[certificatesOf(pair.certificate)[0], 1, NOW + 5000]])
  const check = (): Promise<never> => Promise.reject(temporaryError('revocation-unknown', 'no list'))
  await assert.rejects(recognise(bytes, { revocation: { check } }), { code: 'revocation-unknown', fault: 'temporary' })
  // What is ordinary anyway waits for no list.
  assert.equal(outcome(await recognise(MESSAGE, { revocation: { check } })), 'no-signature')
})

test('form: sealed by a provider, but not a correct message', async () => {
  const cases: [ForeignShape, RegExp][] = [
    [
      { fields: ENVELOPE_FIELDS.map((field) => field.replace(FOREIGN_ADDRESS, 'altro@pec.altro.test')) },
      /not an address of the certificate/,
    ],
    [{ original: null }, /original is missing/],
    [{ daticert: 'no' }, /not well-formed/],
    [{ fields: ENVELOPE_FIELDS.map((field) => field.replace('posta-certificata', 'errore')) }, /anomaly envelope/],
    [{ fields: ['From: a@b', 'Date: x', 'Message-ID: <x@y>'] }, /which certified message/],
  ]
  for (const [shape, problem] of cases) {
    const found = await recognise(await foreign(shape))
    assert.equal(found.class, 'malformed')
    assert.match(found.problem, problem)
    assert.equal(found.provider.name, 'Altro Gestore S.p.A.')
  }
})

test('an envelope that encloses another one is the outer one', async () => {
  const inner = await foreign()
  const original = `${FOREIGN_ORIGINAL.split('\r\n\r\n')[0]}\r\nContent-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\nContent-Type: message/rfc822\r\n\r\n${asEnclosed(inner)}\r\n--f--`
  const outer = await foreign({ original })
  const found = await recognise(outer)
  assert.equal(found.class, 'envelope')
  // Forwarded by ordinary mail, with the inner seal as it was, it is ordinary.
  const forwarded = Buffer.from(`From: a@b\r\nContent-Type: message/rfc822\r\n\r\n${inner.toString('latin1')}`, 'latin1')
  assert.equal(outcome(await recognise(forwarded)), 'no-signature')
})

test('line ends of LF alone, and a large message', async () => {
  const large = await foreign({ original: `${FOREIGN_ORIGINAL}\r\n${'x'.repeat(76)}\r\n`.repeat(40_000) })
  assert.ok(large.length > 10_000_000)
  assert.equal(outcome(await recognise(large)), 'envelope')
  const withLf = Buffer.from(large.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
  assert.equal(outcome(await recognise(withLf)), 'envelope')
  withLf[withLf.length - 100_000] = 0
  assert.equal(outcome(await recognise(withLf)), 'invalid-signature')
})

test('openssl signs with every digest, and in BER; openssl judges what is changed as we do', { skip: skipOpenssl }, async () => {
  bench.file('altro.pem', pair.certificate)
  bench.file('altro-key.pem', pair.key)
  const openssl =
    (...options: string[]) =>
    (content: Buffer): Buffer => {
      bench.file('content', content)
      const made = bench.openssl(
        'cms',
        '-sign',
        '-binary',
        '-in',
        'content',
        '-signer',
        'altro.pem',
        '-inkey',
        'altro-key.pem',
        '-certfile',
        'ca.pem',
        '-outform',
        'DER',
        '-out',
        'cms',
        ...options,
      )
      assert.ok(made.ok, made.stderr)
      return bench.openssl('asn1parse', '-inform', 'DER', '-in', 'cms').ok ? readBench('cms') : assert.fail()
    }
  const now = Date.now()
  for (const options of [
    ['-md', 'sha1'],
    ['-md', 'sha512'],
    ['-md', 'sha256', '-stream', '-indef'],
    ['-md', 'sha256', '-keyid'],
  ]) {
    const bytes = await foreignMessage(openssl(...options), {
      signatureType: 'application/x-pkcs7-signature',
      micalg: 'micalg=sha1',
    })
    // It seals with the clock of this machine, which stands outside the validity of certificates made for NOW.
    const found = await recognise(bytes, { now: () => now, verify: (input) => verifyDetached({ ...input, at: NOW }, cache) })
    assert.equal(outcome(found), 'envelope', options.join(' '))
    const judge = (bytes: Buffer): boolean => {
      const message = bench.file('message.eml', bytes)
      return bench.openssl('cms', '-verify', '-CAfile', 'ca.pem', '-no_check_time', '-in', message, '-out', '/dev/null').ok
    }
    assert.ok(judge(bytes))
    assert.ok(!judge(Buffer.from(bytes.toString('latin1').replace('Testo.', 'Testa.'), 'latin1')))
  }
})

const readBench = (name: string): Buffer => bench.openssl('enc', '-d', '-none', '-in', name).stdout

test('a message changed anywhere is never an envelope with other contents, never throws, and costs little time', async () => {
  const bytes = await foreign()
  const original = await recognise(bytes)
  assert.equal(original.class, 'envelope')
  const { submission, daticert } = original.message
  const edits = fc.array(
    fc.record({
      at: fc.nat(bytes.length),
      cut: fc.oneof(fc.nat(4), fc.nat(bytes.length)),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 4 }).map((put) => Buffer.from(put)),
        fc.constantFrom('\r\n', '--', 'Content-Type: multipart/signed\r\n', '\r\n\r\n').map((put) => Buffer.from(put)),
        fc
          .record({ from: fc.nat(bytes.length), length: fc.nat(2000) })
          .map(({ from, length }) => bytes.subarray(from, from + length)),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  await fc.assert(
    fc.asyncProperty(edits, async (edits) => {
      let mutant = bytes
      for (const { at, cut, put } of edits) mutant = Buffer.concat([mutant.subarray(0, at), put, mutant.subarray(at + cut)])
      const begin = process.cpuUsage()
      const found = await recognise(mutant)
      const { user, system } = process.cpuUsage(begin)
      assert.ok(user + system < 2_000_000, `${(user + system) / 1000} ms`)
      if (found.class !== 'envelope') return
      // The header is not sealed; what it may have changed are only values that the sealed data do not know.
      assert.deepEqual(found.message.daticert, daticert)
      assert.deepEqual(found.message.submission, submission)
    }),
    { numRuns: 400 },
  )
})
