import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { extension, writeCertificate } from './certificate-writer.ts'
import type { Extension } from './certificate-writer.ts'
import { readCertificate } from './certificate.ts'
import { TAG, childrenOf, element, objectIdentifier, readOnly } from './der.ts'
import { OID } from './oids.ts'
import { openSignedFile, signFile } from './signed-file.ts'
import { generateKey } from './test-authority.ts'
import { NOW, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'

const DAY = 86_400_000
const CONTENT = Buffer.from('dn: o=postacert\r\nobjectClass: top\r\n\r\n')

let bench: Bench
before(async () => {
  bench = await openBench()
  bench.file('content', CONTENT)
})
after(() => bench.close())

const open = (p7m: Buffer, at = NOW) => openSignedFile(p7m, { roots: bench.roots, at })

test('openssl verifies what we sign, and finds the content inside', { skip: skipOpenssl }, async () => {
  for (const content of [CONTENT, Buffer.alloc(0), randomBytes(70_000)]) {
    const p7m = await signFile(content, bench.sealer, NOW)
    bench.file('signed.p7m', p7m)
    for (const command of ['cms', 'smime']) {
      const args = [
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'signed.p7m',
        '-CAfile',
        'ca.pem',
        '-attime',
        String(NOW / 1000),
      ]
      const judged = bench.openssl(command, ...args)
      assert.ok(judged.ok, judged.stderr)
      assert.deepEqual(judged.stdout, content)
    }
    assert.deepEqual(open(p7m), {
      ok: true,
      content,
      certificate: bench.identity.certificate,
      chain: bench.roots,
      signingTime: NOW,
    })
  }
})

test('it is the detached seal with the content put inside, and nothing else', { skip: skipOpenssl }, async () => {
  bench.file('signed.p7m', await signFile(CONTENT, bench.sealer, NOW))
  const printed = bench.openssl('cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'signed.p7m').stdout.toString()
  assert.match(printed, /d\.signedData: \n +version: 1\n/)
  assert.match(printed, /eContentType: pkcs7-data/)
  assert.equal(printed.match(/d\.certificate:/g)?.length, 2)
  const p7m = await signFile(CONTENT, bench.sealer, NOW)
  const detached = verifyDetached({ cms: p7m, content: CONTENT, roots: bench.roots, at: NOW })
  assert.ok(detached.ok, 'a verifier of detached seals takes it too')
})

function opensslSign(command: 'cms' | 'smime', ...args: string[]): Buffer {
  const signer = args.includes('-signer') ? [] : ['-signer', 'seal.pem', '-inkey', 'seal-key.pem']
  const made = bench.openssl(
    command,
    '-sign',
    '-nodetach',
    '-binary',
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

test('what openssl signs is opened: PKCS#7 and CMS, DER, BER with the content in pieces', { skip: skipOpenssl }, () => {
  const large = randomBytes(300_000)
  bench.file('large', large)
  for (const command of ['cms', 'smime'] as const) {
    for (const args of [[], ['-stream'], ['-md', 'sha1'], ['-md', 'sha512', '-stream'], ['-nosmimecap']]) {
      for (const [file, content] of [['content', CONTENT] as const, ['large', large] as const]) {
        const p7m = opensslSign(command, '-in', file, ...args)
        assert.equal(p7m[1] === 0x80, args.includes('-stream'))
        const opened = open(p7m)
        assert.ok(opened.ok, `${command} ${args.join(' ')}: ${JSON.stringify(opened)}`)
        assert.deepEqual(opened.content, content)
        assert.deepEqual(opened.certificate, bench.identity.certificate)
        assert.deepEqual(opened.chain, bench.roots)
      }
    }
  }
  assert.ok(open(opensslSign('cms', '-in', 'content', '-keyid', '-keyopt', 'rsa_padding_mode:pss')).ok)
})

type Around = (tag: number, value: Buffer) => Buffer

const definite: Around = (tag, value) => element(tag, value)
const indefinite: Around = (tag, value) => Buffer.concat([Buffer.from([tag, 0x80]), value, Buffer.alloc(2)])

test('the content in pieces of one byte each, in lengths of DER or without any', { skip: skipOpenssl }, async () => {
  const content = randomBytes(150_000)
  const [type, wrapped] = childrenOf(readOnly(await signFile(content, bench.sealer, NOW)), TAG.sequence)
  const [version, digests, , ...others] = childrenOf(readOnly(wrapped?.content ?? Buffer.alloc(0)), TAG.sequence)
  const pieces = Buffer.concat(Array.from(content, (octet) => Buffer.from([TAG.octetString, 1, octet])))
  for (const around of [definite, indefinite]) {
    const inside = around(TAG.sequence, Buffer.concat([objectIdentifier(OID.data), around(0xa0, around(0x24, pieces))]))
    const fields = [version?.bytes, digests?.bytes, inside, ...others.map(({ bytes }) => bytes)].flatMap((one) => one ?? [])
    const data = around(0xa0, around(TAG.sequence, Buffer.concat(fields)))
    const p7m = around(TAG.sequence, Buffer.concat([type?.bytes ?? Buffer.alloc(0), data]))
    const opened = open(p7m)
    assert.deepEqual(opened.ok && opened.content, content)
    bench.file('pieces.p7m', p7m)
    const args = ['-verify', '-binary', '-inform', 'DER', '-in', 'pieces.p7m', '-CAfile', 'ca.pem', '-attime', String(NOW / 1000)]
    assert.deepEqual(bench.openssl('cms', ...args).stdout, content, 'openssl reads it so too')
  }
})

/** A certificate of the bench's authority for the bench's seal key. */
async function signerWith(extensions: Extension[]): Promise<void> {
  const der = await writeCertificate(
    {
      subject: { country: 'IT', organization: 'Agenzia', commonName: 'Indice dei gestori' },
      publicKey: createPublicKey(bench.seal.key).export({ type: 'spki', format: 'der' }),
      notBefore: NOW,
      notAfter: NOW + DAY,
      extensions,
    },
    { name: readCertificate(bench.roots[0] ?? Buffer.alloc(0)).subject, key: createPrivateKey(bench.authority.key) },
  )
  bench.file('signer.pem', new X509Certificate(der).toString())
}

const signedByOther = () => opensslSign('cms', '-in', 'content', '-signer', 'signer.pem', '-inkey', 'seal-key.pem')

test('the signer needs no address, but must be one for signing documents', { skip: skipOpenssl }, async () => {
  for (const extensions of [
    [],
    [extension.keyUsage(0x40)],
    [extension.keyUsage(0x80), extension.extendedKeyUsage(OID.documentSigning)],
    [extension.keyUsage(0xc0), extension.extendedKeyUsage(OID.serverAuth, OID.microsoftDocumentSigning)],
  ]) {
    await signerWith(extensions)
    assert.ok(open(signedByOther()).ok)
    assert.equal(open(signedByOther(), NOW - 1000).ok, false, 'not valid yet')
  }
  for (const extensions of [
    [extension.keyUsage(0x20)],
    [extension.keyUsage(0x80), extension.extendedKeyUsage(OID.serverAuth)],
    [extension.keyUsage(0x84), extension.basicConstraintsCa()],
  ]) {
    await signerWith(extensions)
    assert.deepEqual(open(signedByOther()), { ok: false, reason: 'not-for-signing' })
  }
})

test('refused: detached, altered, cut, of a stranger, by two, without attributes, or no CMS', { skip: skipOpenssl }, async () => {
  const good = await signFile(CONTENT, bench.sealer, NOW)
  const altered = Buffer.from(good)
  altered[good.indexOf('postacert')] = 0x50
  const twice = ['-signer', 'seal.pem', '-inkey', 'seal-key.pem', '-signer', 'other.pem', '-inkey', 'other-key.pem']
  const key = await generateKey('rsa')
  const other = await bench.authority.issueSealCertificate({ providerName: 'Altro', address: 'a@example.it', key })
  bench.file('other.pem', other.certificate)
  bench.file('other-key.pem', key)
  const refused: [string, Buffer][] = [
    ['content-needed', await bench.sealer.seal(randomBytes(32), NOW)],
    ['digest-mismatch', altered],
    ['not-cms', good.subarray(0, -1)],
    ['not-cms', Buffer.concat([good, Buffer.from([0])])],
    ['not-cms', CONTENT],
    ['not-cms', Buffer.alloc(0)],
    ['not-one-signer', opensslSign('cms', '-in', 'content', ...twice)],
    ['bad-attributes', opensslSign('cms', '-in', 'content', '-noattr')],
    ['no-signer-certificate', opensslSign('cms', '-in', 'content', '-nocerts')],
    ['not-cms', opensslSign('cms', '-in', 'content', '-econtent_type', '1.2.3.4')],
  ]
  for (const [reason, p7m] of refused) assert.deepEqual(open(p7m), { ok: false, reason })
  assert.deepEqual(openSignedFile(good, { roots: [], at: NOW }), { ok: false, reason: 'untrusted-chain' })
  assert.deepEqual(open(good, NOW + 2000 * DAY), { ok: false, reason: 'expired' })
  await assert.rejects(signFile(CONTENT, bench.sealer, NOW + 2000 * DAY), { code: 'seal-certificate-expired' })
})
