import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { createCertificateCache } from './certificate-cache.ts'
import { NOW, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'
import type { VerifyResult } from './verify.ts'

const DIGEST = createHash('sha256').update('content').digest()

let bench: Bench
let seal: Buffer
let good: VerifyResult
before(async () => {
  bench = await openBench()
  seal = await bench.sealer.seal(DIGEST, NOW)
  good = verify(seal)
  assert.ok(good.ok)
})
after(() => bench.close())

const cache = createCertificateCache()
const verify = (cms: Buffer): VerifyResult => verifyDetached({ cms, digest: DIGEST, roots: bench.roots, at: NOW }, cache)

/** Where the bytes are that the signatures bind: the signer's certificate, and from the signed attributes to the end. */
function boundRanges(): [number, number][] {
  const certificate = seal.indexOf(bench.identity.certificate)
  // The signed attributes of this seal start with contentType, as no other element does.
  const attributes = seal.lastIndexOf(Buffer.from('a069301806092a864886f70d010903', 'hex'))
  assert.ok(certificate > 0 && attributes > certificate)
  return [
    [certificate, certificate + bench.identity.certificate.length],
    [attributes, attributes + 2 + 0x69],
    [seal.length - 256, seal.length],
  ]
}

test('every single flipped bit in what is signed is noticed; elsewhere it changes nothing of what is said', () => {
  const bound = boundRanges()
  const root = seal.indexOf(bench.roots[0] ?? Buffer.alloc(0))
  const outsideRoot: string[] = []
  for (let offset = 0; offset < seal.length; offset++) {
    for (const bit of [0x02, 0x80]) {
      const altered = Buffer.from(seal)
      altered[offset] = (altered[offset] ?? 0) ^ bit
      const result = verify(altered)
      if (!result.ok) continue
      assert.deepEqual(result, good)
      if (offset < root || offset >= root + (bench.roots[0]?.length ?? 0)) outsideRoot.push(`${offset}^${bit}`)
      assert.ok(!bound.some(([start, end]) => offset >= start && offset < end), `byte ${offset} was changed unnoticed`)
    }
  }
  // Nothing binds the copy of the root that comes along, because the one that is trusted is our own; nor a version number.
  assert.ok(outsideRoot.length <= 4, outsideRoot.join(' '))
})

test('cut anywhere, it is no seal', () => {
  for (let length = 0; length < seal.length; length++) assert.equal(verify(seal.subarray(0, length)).ok, false)
})

test('random mutations never throw and never say anything else than the seal', () => {
  const mutation = fc.record({
    at: fc.nat(seal.length - 1),
    remove: fc.nat(40),
    insert: fc.uint8Array({ maxLength: 40 }),
  })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const altered = mutations.reduce<Buffer>(
        (bytes, { at, remove, insert }) => Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]),
        seal,
      )
      const result = verify(altered)
      if (result.ok) assert.deepEqual(result, good)
    }),
    { numRuns: 1500 },
  )
})

test('random bytes are never a seal and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(verify(Buffer.from(bytes)).ok, false)
    }),
    { numRuns: 1500 },
  )
})

test('openssl and we refuse the same alterations of attributes and signature', { skip: skipOpenssl }, () => {
  bench.file('content', 'content')
  const args = ['-binary', '-inform', 'DER', '-content', 'content', '-CAfile', 'ca.pem', '-attime', String(NOW / 1000)]
  const openssl = (name: string) => bench.openssl('cms', '-verify', ...args, '-in', name)
  bench.file('seal.der', seal)
  assert.ok(openssl('seal.der').ok)
  const [, attributes, signature] = boundRanges()
  for (const [start, end] of [attributes ?? [0, 0], signature ?? [0, 0]]) {
    for (const offset of [start + 20, start + 50, end - 5]) {
      const altered = Buffer.from(seal)
      altered[offset] = (altered[offset] ?? 0) ^ 0x04
      bench.file('altered.der', altered)
      assert.equal(openssl('altered.der').ok, false)
      assert.equal(verify(altered).ok, false)
    }
  }
})
