import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createSealer, openSealer } from './cms-template.ts'
import { createCertificateCache } from './certificate-cache.ts'
import { extension, nameDer, writeCertificate } from './certificate-writer.ts'
import { openFileKey } from './file-key.ts'
import { certificatesOf } from './pem.ts'
import { createTestAuthority, generateKey } from './test-authority.ts'
import { NOW, ADDRESS, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'

const DAY = 86_400_000
const sha256 = (content: Buffer): Buffer => createHash('sha256').update(content).digest()
const CONTENT = Buffer.from('Content-Type: text/plain\r\n\r\nIl messaggio è stato accettato.\r\n')

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

const judge = (...args: string[]) => bench.openssl('cms', '-verify', '-attime', String(NOW / 1000), '-CAfile', 'ca.pem', ...args)

test(
  'openssl accepts the seal, with its default purpose, and refuses it over another content',
  { skip: skipOpenssl },
  async () => {
    bench.file('seal.der', await bench.sealer.seal(sha256(CONTENT), NOW))
    bench.file('content', CONTENT)
    bench.file('other', Buffer.concat([CONTENT, Buffer.from(' ')]))
    const good = judge('-binary', '-inform', 'DER', '-in', 'seal.der', '-content', 'content')
    assert.ok(good.ok, good.stderr)
    assert.deepEqual(good.stdout, CONTENT)
    assert.equal(judge('-binary', '-inform', 'DER', '-in', 'seal.der', '-content', 'other').ok, false)
  },
)

test('openssl accepts a whole multipart/signed message, and refuses it altered', { skip: skipOpenssl }, async () => {
  const seal = await bench.sealer.seal(sha256(CONTENT), NOW)
  const message = (content: string): string =>
    [
      'MIME-Version: 1.0',
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="limite"',
      '',
      '--limite',
      content,
      '--limite',
      'Content-Type: application/pkcs7-signature; name=smime.p7s',
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment; filename=smime.p7s',
      '',
      ...(seal.toString('base64').match(/.{1,76}/g) ?? []),
      '--limite--',
      '',
    ].join('\r\n')
  bench.file('good.eml', message(CONTENT.toString()))
  bench.file('bad.eml', message(CONTENT.toString().replace('accettato', 'rifiutato')))
  const good = judge('-in', 'good.eml')
  assert.ok(good.ok, good.stderr)
  assert.equal(judge('-in', 'bad.eml').ok, false)
})

test(
  'openssl reads the structure: version 1, SHA-256, rsaEncryption, both certificates, three signed attributes',
  { skip: skipOpenssl },
  async () => {
    bench.file('seal.der', await bench.sealer.seal(sha256(CONTENT), NOW))
    const parsed = bench.openssl('asn1parse', '-inform', 'DER', '-in', 'seal.der')
    assert.ok(parsed.ok, parsed.stderr)
    assert.match(parsed.stdout.toString(), /UTCTIME +:260315093021Z/)
    const printed = bench.openssl('cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'seal.der').stdout.toString()
    assert.match(printed, /eContent: <ABSENT>/)
    assert.equal(printed.match(/d\.certificate:/g)?.length, 2)
    assert.match(printed, /digestAlgorithm: \n +algorithm: sha256[\s\S]+signatureAlgorithm: \n +algorithm: rsaEncryption/)
    assert.deepEqual(printed.match(/object: (contentType|signingTime|messageDigest) /g), [
      'object: contentType ',
      'object: signingTime ',
      'object: messageDigest ',
    ])
    assert.match(printed, /unsignedAttrs:\n +<ABSENT>/)
  },
)

test('a hundred seals made together have one length, verify, and keep to their own digest', async () => {
  const cache = createCertificateCache()
  const digests = Array.from({ length: 100 }, () => randomBytes(32))
  const seals = await Promise.all(digests.map((digest, index) => bench.sealer.seal(digest, NOW + index * 1000)))
  const verify = (cms: Buffer, digest: Buffer) => verifyDetached({ cms, digest, roots: bench.roots, at: NOW }, cache)
  seals.forEach((cms, index) => {
    assert.equal(cms.length, bench.sealer.size)
    const result = verify(cms, digests[index] ?? Buffer.alloc(0))
    assert.ok(result.ok, JSON.stringify(result))
    assert.equal(result.signingTime, NOW + index * 1000)
    assert.equal(result.address, ADDRESS)
    assert.deepEqual(result.certificate, bench.sealer.certificate)
  })
  assert.deepEqual(verify(seals[0] ?? Buffer.alloc(0), digests[1] ?? Buffer.alloc(0)), { ok: false, reason: 'digest-mismatch' })
})

test('the address is the one of the certificate; a Date and its milliseconds give the same seal', async () => {
  assert.equal(bench.sealer.address, ADDRESS)
  const digest = sha256(CONTENT)
  assert.deepEqual(await bench.sealer.seal(digest, new Date(NOW + 999)), await bench.sealer.seal(digest, NOW))
})

test('no seal outside the validity of the certificate, to the second', async () => {
  const expired = { code: 'seal-certificate-expired', fault: 'temporary' }
  const [first, last] = [NOW - DAY, NOW + 1096 * DAY]
  await assert.rejects(bench.sealer.seal(Buffer.alloc(32), first - 1), expired)
  await assert.rejects(bench.sealer.seal(Buffer.alloc(32), last + 1000), expired)
  await assert.rejects(bench.sealer.seal(Buffer.alloc(32), Number.NaN), expired)
  for (const at of [first, last, last + 999])
    assert.equal((await bench.sealer.seal(Buffer.alloc(32), at)).length, bench.sealer.size)
  await assert.rejects(bench.sealer.seal(Buffer.alloc(20), NOW), { code: 'seal-digest', fault: 'bug' })
})

test('from 2050 on the time is a GeneralizedTime, and openssl agrees', { skip: skipOpenssl }, async () => {
  const later = Date.UTC(2050, 5, 1, 12, 0, 1)
  const authority = await createTestAuthority({ name: 'Later', now: later })
  const { certificate, key } = await authority.issueSealCertificate({ providerName: 'Later', address: ADDRESS })
  const chain = certificatesOf(authority.certificate)
  const sealer = await openSealer({
    certificate: certificatesOf(certificate)[0] ?? Buffer.alloc(0),
    chain,
    sign: openFileKey(key).sign,
  })
  const cms = await sealer.seal(sha256(CONTENT), later)
  bench.file('later.der', cms)
  bench.file('later-ca.pem', authority.certificate)
  bench.file('content', CONTENT)
  assert.match(
    bench.openssl('asn1parse', '-inform', 'DER', '-in', 'later.der').stdout.toString(),
    /GENERALIZEDTIME +:20500601120001Z/,
  )
  const args = ['-binary', '-inform', 'DER', '-in', 'later.der', '-content', 'content', '-CAfile', 'later-ca.pem']
  const verified = bench.openssl('cms', '-verify', '-attime', String(later / 1000), ...args)
  assert.ok(verified.ok, verified.stderr)
  const result = verifyDetached({ cms, content: CONTENT, roots: chain, at: later })
  assert.equal(result.ok && result.signingTime, later)
})

test('a key of another certificate never seals', async () => {
  const mixed = { ...bench.identity, sign: openFileKey(await generateKey('rsa')).sign }
  const mismatch = { code: 'seal-key-mismatch', fault: 'permanent' }
  await assert.rejects(openSealer(mixed), mismatch)
  const sealer = createSealer(mixed)
  await assert.rejects(sealer.seal(Buffer.alloc(32), NOW), mismatch)
  await assert.rejects(sealer.seal(Buffer.alloc(32), NOW), mismatch)
})

test('a signer that fails is a temporary error', async () => {
  const broken = { ...bench.identity, sign: () => Promise.reject(new Error('token removed')) }
  await assert.rejects(openSealer(broken), { code: 'seal-failed', fault: 'temporary' })
})

test('certificates that do not fit are refused at once', async () => {
  const { privateKey: caKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = { name: nameDer({ country: 'IT', organization: 'CA', commonName: 'CA' }), key: caKey }
  const root = await writeCertificate(
    {
      subject: { country: 'IT', organization: 'CA', commonName: 'CA' },
      publicKey: createPublicKey(caKey).export({ type: 'spki', format: 'der' }),
      notBefore: NOW,
      notAfter: NOW + DAY,
      extensions: [extension.basicConstraintsCa()],
    },
    issuer,
  )
  const identity = async (key: string, extensions = [extension.keyUsage(0x80), extension.rfc822Name(ADDRESS)]) => ({
    certificate: await writeCertificate(
      {
        subject: { country: 'IT', organization: 'P', commonName: 'P' },
        publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
        notBefore: NOW,
        notAfter: NOW + DAY,
        extensions,
      },
      issuer,
    ),
    chain: [root],
    sign: () => Promise.resolve(Buffer.alloc(256)),
  })
  const rsa = await generateKey('rsa')
  const { privateKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const weak = small.export({ type: 'pkcs8', format: 'pem' }).toString()
  const good = await identity(rsa)
  createSealer(good)
  const wrong = [
    [/RSA of 2048/, await identity(weak)],
    [/RSA of 2048/, await identity(await generateKey('ec'))],
    [/no e-mail address/, await identity(rsa, [extension.keyUsage(0x80)])],
    [/digitalSignature/, await identity(rsa, [extension.keyUsage(0x20), extension.rfc822Name(ADDRESS)])],
    [/digitalSignature/, await identity(rsa, [extension.rfc822Name(ADDRESS)])],
    [/not in the chain/, { ...good, chain: bench.roots }],
    [/not in the chain/, { ...good, chain: [] }],
    [/not DER/, { ...good, certificate: Buffer.from('certificate') }],
  ] as const
  for (const [message, one] of wrong) assert.throws(() => createSealer(one), { code: 'seal-certificate-unfit', message })
})

test('key files: encrypted ones with their passphrase, others refused', async () => {
  const key = createPrivateKey(bench.seal.key)
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'segreto' }).toString()
  await openSealer({ ...bench.identity, sign: openFileKey(encrypted, 'segreto').sign })
  const unreadable = { code: 'seal-key-unreadable', fault: 'permanent' }
  assert.throws(() => openFileKey(encrypted, 'altro'), unreadable)
  assert.throws(() => openFileKey(encrypted), unreadable)
  assert.throws(() => openFileKey('no key'), unreadable)
  const { privateKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const unfit = { code: 'seal-key-unfit', fault: 'permanent' }
  assert.throws(() => openFileKey(small.export({ type: 'pkcs8', format: 'pem' }).toString()), unfit)
  const ec = await generateKey('ec')
  assert.throws(() => openFileKey(ec), unfit)
  assert.throws(() => certificatesOf(ec), { code: 'certificate-unreadable' })
})
