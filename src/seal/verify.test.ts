import assert from 'node:assert/strict'
import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { extension, writeCertificate } from './certificate-writer.ts'
import { readCertificate } from './certificate.ts'
import { TAG, childrenOf, readAll, readOnly } from './der.ts'
import { certificatesOf } from './pem.ts'
import { createTestAuthority, generateKey } from './test-authority.ts'
import { ADDRESS, NOW, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'

const DAY = 86_400_000
const CONTENT = Buffer.from('Content-Type: text/plain\r\n\r\nCiao\r\n')
const DIGEST = createHash('sha256').update(CONTENT).digest()

let bench: Bench
before(async () => {
  bench = await openBench()
  bench.file('content', CONTENT)
})
after(() => bench.close())

const verify = (cms: Buffer, at = NOW, content = CONTENT) => verifyDetached({ cms, content, roots: bench.roots, at })

/** A detached CMS made by openssl with the bench's seal certificate, unless the arguments name another signer. */
function opensslSign(...args: string[]): Buffer {
  const signer = args.includes('-signer') ? [] : ['-signer', 'seal.pem', '-inkey', 'seal-key.pem']
  const made = bench.openssl(
    'cms',
    '-sign',
    '-binary',
    '-in',
    'content',
    '-outform',
    'DER',
    '-certfile',
    'ca.pem',
    ...signer,
    ...args,
  )
  assert.ok(made.ok, made.stderr)
  return made.stdout
}

test('what openssl signs is accepted: digests, attributes, BER, RSA-PSS, key identifiers', { skip: skipOpenssl }, () => {
  const kinds: [string, ...string[]][] = [
    ['sha256', '-md', 'sha256'],
    ['sha256', '-md', 'sha256', '-nosmimecap'],
    ['sha256', '-md', 'sha256', '-stream'],
    ['sha256', '-md', 'sha256', '-keyid'],
    ['sha256', '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss'],
    ['sha256', '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:20'],
    ['sha1', '-md', 'sha1'],
    ['sha1', '-md', 'sha1', '-stream', '-nosmimecap'],
    ['sha384', '-md', 'sha384'],
    ['sha512', '-md', 'sha512'],
    ['sha512', '-md', 'sha512', '-keyopt', 'rsa_padding_mode:pss'],
  ]
  for (const [digest, ...args] of kinds) {
    const cms = opensslSign(...args)
    const result = verify(cms)
    assert.ok(result.ok, `${args.join(' ')}: ${JSON.stringify(result)}`)
    assert.equal(result.digestAlgorithm, digest)
    assert.equal(result.address, ADDRESS)
    assert.deepEqual(result.certificate, bench.identity.certificate)
    assert.deepEqual(result.chain, bench.roots)
    assert.ok(Math.abs((result.signingTime ?? 0) - Date.now()) < 60_000)
    assert.deepEqual(verify(cms, NOW, Buffer.from('altered')), { ok: false, reason: 'digest-mismatch' })
  }
})

const indefinite = (tag: number, ...values: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([tag, 0x80]), ...values, Buffer.alloc(2)])

test('BER of indefinite length is accepted, with the content inside or without it', { skip: skipOpenssl }, () => {
  const streamed = opensslSign('-stream')
  assert.equal(streamed[1], 0x80, 'openssl wrote an indefinite length')
  const [type, wrapped] = childrenOf(readOnly(opensslSign()), TAG.sequence)
  const inner = readAll(readOnly(wrapped?.content ?? Buffer.alloc(0)).content).map((one) =>
    one.tag === 0xa0 ? indefinite(0xa0, one.content) : one.bytes,
  )
  const detached = indefinite(TAG.sequence, type?.bytes ?? Buffer.alloc(0), indefinite(0xa0, indefinite(TAG.sequence, ...inner)))
  for (const cms of [streamed, detached]) {
    assert.ok(verify(cms).ok)
    assert.deepEqual(verify(cms, NOW, Buffer.from('altered')), { ok: false, reason: 'digest-mismatch' })
  }
})

test('a digest is enough for SHA-256; another one needs the content', { skip: skipOpenssl }, () => {
  const input = { digest: DIGEST, roots: bench.roots, at: NOW }
  assert.ok(verifyDetached({ ...input, cms: opensslSign('-md', 'sha256') }).ok)
  assert.deepEqual(verifyDetached({ ...input, cms: opensslSign('-md', 'sha512') }), { ok: false, reason: 'content-needed' })
})

/** A certificate of the bench's authority with extensions of one's own. */
async function issue(
  key: string,
  extensions: Parameters<typeof writeCertificate>[0]['extensions'],
  subject = 'Posta Certificata',
) {
  const root = readCertificate(new X509Certificate(bench.authority.certificate).raw)
  const der = await writeCertificate(
    {
      subject: { country: 'IT', organization: 'Esempio', commonName: subject },
      publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
      notBefore: NOW,
      notAfter: NOW + DAY,
      extensions,
    },
    { name: root.subject, key: createPrivateKey(bench.authority.key) },
  )
  return new X509Certificate(der).toString()
}

test('ECDSA is accepted', { skip: skipOpenssl }, async () => {
  const key = await generateKey('ec')
  bench.file('ec.pem', await issue(key, [extension.keyUsage(0x80), extension.rfc822Name(ADDRESS)]))
  bench.file('ec-key.pem', key)
  const cms = opensslSign('-signer', 'ec.pem', '-inkey', 'ec-key.pem', '-md', 'sha256')
  assert.ok(verify(cms).ok)
})

test('what is no single detached seal with its attributes is refused', { skip: skipOpenssl }, async () => {
  const other = await bench.authority.issueSealCertificate({ providerName: 'Altro', address: ADDRESS })
  bench.file('other.pem', other.certificate)
  bench.file('other-key.pem', other.key)
  const two = ['-signer', 'seal.pem', '-inkey', 'seal-key.pem', '-signer', 'other.pem', '-inkey', 'other-key.pem']
  const encrypted = bench.openssl('cms', '-encrypt', '-in', 'content', '-outform', 'DER', 'seal.pem').stdout
  const refused: [string, Buffer][] = [
    ['bad-attributes', opensslSign('-noattr')],
    ['not-one-signer', opensslSign(...two)],
    ['no-signer-certificate', opensslSign('-nocerts')],
    ['not-cms', encrypted],
    ['not-cms', Buffer.alloc(0)],
    ['not-cms', Buffer.concat([await bench.sealer.seal(DIGEST, NOW), Buffer.from([0])])],
    ['unsupported-algorithm', opensslSign('-md', 'sha224')],
  ]
  for (const [reason, cms] of refused) assert.deepEqual(verify(cms), { ok: false, reason })
})

test('certificates: outside their validity, of a stranger, not for sealing', { skip: skipOpenssl }, async () => {
  const seal = await bench.sealer.seal(DIGEST, NOW)
  assert.ok(verify(seal, NOW - DAY).ok)
  for (const at of [NOW - DAY - 1, NOW + 1097 * DAY]) assert.deepEqual(verify(seal, at), { ok: false, reason: 'expired' })
  const stranger = await createTestAuthority({ name: 'Autorità di prova', now: NOW })
  const roots = certificatesOf(stranger.certificate)
  assert.deepEqual(verifyDetached({ cms: seal, digest: DIGEST, roots, at: NOW }), { ok: false, reason: 'untrusted-chain' })
  assert.deepEqual(verifyDetached({ cms: seal, digest: DIGEST, roots: [], at: NOW }), { ok: false, reason: 'untrusted-chain' })

  const key = await generateKey('rsa')
  bench.file('odd-key.pem', key)
  const address = extension.rfc822Name(ADDRESS)
  const odd: [string, Parameters<typeof issue>[1]][] = [
    ['not-for-sealing', [extension.keyUsage(0x20), address]],
    ['not-for-sealing', [extension.keyUsage(0x80)]],
    ['not-for-sealing', [extension.keyUsage(0x80), address, extension.extendedKeyUsage('1.3.6.1.5.5.7.3.1')]],
    ['not-for-sealing', [extension.keyUsage(0x84), address, extension.basicConstraintsCa()]],
    [
      'untrusted-chain',
      [extension.keyUsage(0x80), address, { id: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') }],
    ],
  ]
  for (const [reason, extensions] of odd) {
    bench.file('odd.pem', await issue(key, extensions))
    assert.deepEqual(verify(opensslSign('-signer', 'odd.pem', '-inkey', 'odd-key.pem')), { ok: false, reason })
  }
  bench.file('odd.pem', await issue(key, [address]))
  assert.ok(verify(opensslSign('-signer', 'odd.pem', '-inkey', 'odd-key.pem')).ok, 'no keyUsage at all is tolerated')
})

test('a chain over an intermediate authority; one that is no authority does not count', { skip: skipOpenssl }, async () => {
  const key = await generateKey('rsa')
  const leaf = async (middle: string) => {
    const { subject } = readCertificate(new X509Certificate(middle).raw)
    const der = await writeCertificate(
      {
        subject: { country: 'IT', organization: 'Esempio', commonName: 'Posta Certificata' },
        publicKey: createPublicKey(bench.seal.key).export({ type: 'spki', format: 'der' }),
        notBefore: NOW,
        notAfter: NOW + DAY,
        extensions: [extension.keyUsage(0x80), extension.rfc822Name(ADDRESS)],
      },
      { name: subject, key: createPrivateKey(key) },
    )
    bench.file('leaf.pem', new X509Certificate(der).toString())
    bench.file('middle.pem', middle)
    return verify(opensslSign('-signer', 'leaf.pem', '-inkey', 'seal-key.pem', '-certfile', 'middle.pem'))
  }
  const good = await leaf(await issue(key, [extension.basicConstraintsCa(), extension.keyUsage(0x06)], 'Middle'))
  assert.ok(good.ok && good.chain.length === 2)
  const untrusted = { ok: false, reason: 'untrusted-chain' }
  assert.deepEqual(await leaf(await issue(key, [extension.keyUsage(0x06)], 'Middle')), untrusted)
  assert.deepEqual(await leaf(await issue(key, [extension.basicConstraintsCa(), extension.keyUsage(0x80)], 'Middle')), untrusted)
})
