import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { before, test } from 'node:test'
import { createCertificateCache } from './certificate-cache.ts'
import type { KnownCertificate } from './certificate-cache.ts'
import { extension, nameDer, writeCertificate } from './certificate-writer.ts'
import type { Extension } from './certificate-writer.ts'
import { findChain } from './chain.ts'
import { TAG, element, sequence, smallInteger } from './der.ts'
import { OID } from './oids.ts'
import { generateKey } from './test-authority.ts'
import { NOW } from './test-openssl.ts'

const DAY = 86_400_000
const cache = createCertificateCache()
const CA = extension.basicConstraintsCa()
const caWithin = (pathLength: number): Extension => ({
  id: OID.basicConstraints,
  critical: true,
  value: sequence(element(TAG.boolean, Buffer.from([0xff])), smallInteger(pathLength)),
})

let key: string
before(async () => {
  key = await generateKey('rsa')
})

const distinguished = (commonName: string) => ({ country: 'IT', organization: 'Prova', commonName })

/** All have the same key: what is tried here is everything but the signatures. */
async function issue(name: string, by: string, extensions: Extension[], days = 1): Promise<KnownCertificate> {
  const der = await writeCertificate(
    {
      subject: distinguished(name),
      publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
      notBefore: NOW - DAY,
      notAfter: NOW + days * DAY,
      extensions,
    },
    { name: nameDer(distinguished(by)), key: createPrivateKey(key) },
  )
  const known = cache.open(der)
  assert.ok(known)
  return known
}

const find = (certificate: KnownCertificate, others: KnownCertificate[], roots: KnownCertificate[], at = NOW) =>
  findChain({ certificate, others, roots, at }, cache)

const UNTRUSTED = { ok: false, reason: 'untrusted-chain' }

test('the path goes up to a root that is trusted, whatever the order of what came along', async () => {
  const root = await issue('root', 'root', [CA])
  const [upper, lower] = [await issue('upper', 'root', [CA]), await issue('lower', 'upper', [CA])]
  const leaf = await issue('leaf', 'lower', [])
  for (const others of [
    [leaf, lower, upper],
    [upper, root, lower, leaf],
  ]) {
    assert.deepEqual(find(leaf, others, [root]), { ok: true, chain: [lower, upper, root] })
  }
  assert.deepEqual(find(leaf, [lower], [upper]), { ok: true, chain: [lower, upper] }, 'a trusted authority needs none above it')
  assert.deepEqual(find(leaf, [lower], [root]), UNTRUSTED)
  assert.deepEqual(find(leaf, [root, upper, lower], []), UNTRUSTED)
  assert.deepEqual(find(root, [root], [root]), UNTRUSTED, 'a root is no seal certificate of itself')
})

test('the length of a path is limited where a certificate says so (RFC 5280 4.2.1.9)', async () => {
  const lower = await issue('lower', 'upper', [CA])
  const leaf = await issue('leaf', 'lower', [])
  const root = await issue('root', 'root', [CA])
  assert.ok(find(leaf, [lower, await issue('upper', 'root', [caWithin(1)])], [root]).ok)
  assert.deepEqual(find(leaf, [lower, await issue('upper', 'root', [caWithin(0)])], [root]), UNTRUSTED)
})

test('every certificate of the path must be valid; another good path is found if there is one', async () => {
  const root = await issue('root', 'root', [CA], 100)
  const [short, long] = [await issue('middle', 'root', [CA], 1), await issue('middle', 'root', [CA], 100)]
  const leaf = await issue('leaf', 'middle', [], 100)
  assert.deepEqual(find(leaf, [short], [root], NOW + 2 * DAY), { ok: false, reason: 'expired' })
  assert.deepEqual(find(leaf, [short, long], [root], NOW + 2 * DAY), { ok: true, chain: [long, root] })
})

test('an authority with a critical extension that is not understood does not count; circles end', async () => {
  const root = await issue('root', 'root', [CA])
  const odd: Extension = { id: '2.5.29.30', critical: true, value: sequence() }
  const leaf = await issue('leaf', 'middle', [])
  assert.deepEqual(find(leaf, [await issue('middle', 'root', [CA, odd])], [root]), UNTRUSTED)
  const circle = [await issue('middle', 'other', [CA]), await issue('other', 'middle', [CA])]
  assert.deepEqual(find(leaf, circle, [root]), UNTRUSTED)
  const twins = await Promise.all(Array.from({ length: 40 }, () => issue('middle', 'middle', [CA])))
  assert.deepEqual(find(leaf, twins, [root]), UNTRUSTED)
})
