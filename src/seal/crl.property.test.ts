/** Revocation lists and signed files that were altered or made up: always a typed answer, and never one that the signature does not bear out. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { CeralaccaError } from '../base/errors.ts'
import { createCertificateCache } from './certificate-cache.ts'
import type { KnownCertificate } from './certificate-cache.ts'
import { readCertificate } from './certificate.ts'
import { readList, verifyList } from './crl.ts'
import { TAG, element, sequence } from './der.ts'
import { OID } from './oids.ts'
import { openSignedFile, signFile } from './signed-file.ts'
import type { OpenResult } from './signed-file.ts'
import { NOW, openBench } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'

const DAY = 86_400_000
const CONTENT = Buffer.from('dn: o=postacert\r\n'.repeat(20))

let bench: Bench
let list: Buffer
let issuer: KnownCertificate
let serial: Buffer
let p7m: Buffer
let opened: OpenResult
before(async () => {
  bench = await openBench()
  const point = element(0xa0, element(0xa0, element(0x86, Buffer.from('http://crl.example.it/'))))
  list = await bench.authority.issueRevocationList({
    revoked: [
      { certificate: bench.seal.certificate, at: NOW - DAY, reason: 1, invalidSince: NOW - 2 * DAY },
      { certificate: bench.authority.certificate },
    ],
    extensions: [{ id: OID.issuingDistributionPoint, critical: true, value: sequence(point) }],
  })
  const known = cache.open(bench.roots[0] ?? Buffer.alloc(0))
  assert.ok(known)
  issuer = known
  serial = readCertificate(bench.identity.certificate).serial
  p7m = await signFile(CONTENT, bench.sealer, NOW)
  opened = open(p7m)
  assert.ok(opened.ok)
})
after(() => bench.close())

const cache = createCertificateCache()
const open = (bytes: Buffer): OpenResult => openSignedFile(bytes, { roots: bench.roots, at: NOW }, cache)

/** What a list says once it is verified; null where it is refused, which must be by a client error. */
function facts(bytes: Buffer) {
  try {
    const { thisUpdate, nextUpdate, scope, revoked, ...whole } = readList(bytes)
    const found = revoked.find(serial)
    verifyList({ thisUpdate, nextUpdate, scope, revoked, ...whole }, issuer)
    return { thisUpdate, nextUpdate, scope, size: revoked.size, found }
  } catch (error) {
    assert.ok(error instanceof CeralaccaError && error.fault === 'client', String(error))
    return null
  }
}

const mutationOf = (length: number) =>
  fc.record({ at: fc.nat(length - 1), remove: fc.nat(40), insert: fc.uint8Array({ maxLength: 40 }) })

type Mutation = { at: number; remove: number; insert: Uint8Array }

const mutate = (bytes: Buffer, mutations: readonly Mutation[]): Buffer =>
  mutations.reduce(
    (all, { at, remove, insert }) => Buffer.concat([all.subarray(0, at), insert, all.subarray(at + remove)]),
    bytes,
  )

test('a list altered in one bit, or cut, is refused', () => {
  const good = facts(list)
  assert.ok(good?.found)
  for (let offset = 0; offset < list.length; offset++) {
    for (const bit of [0x01, 0x20, 0x80]) {
      const altered = Buffer.from(list)
      altered[offset] = (altered[offset] ?? 0) ^ bit
      assert.equal(facts(altered), null, `byte ${offset}`)
    }
    assert.equal(facts(list.subarray(0, offset)), null)
  }
})

test('lists with random mutations, also as PEM, say the same or are refused', () => {
  const good = facts(list)
  const pem = Buffer.from(`-----BEGIN X509 CRL-----\n${list.toString('base64')}\n-----END X509 CRL-----\n`)
  assert.deepEqual(facts(pem), good)
  for (const bytes of [list, pem]) {
    fc.assert(
      fc.property(fc.array(mutationOf(bytes.length), { minLength: 1, maxLength: 4 }), (mutations) => {
        const said = facts(mutate(bytes, mutations))
        if (said !== null) assert.deepEqual(said, good)
      }),
      { numRuns: 1000 },
    )
  }
})

test('signed files: one bit altered, cut, or mutated at random, they say the same or are refused', () => {
  for (let offset = 0; offset < p7m.length; offset++) {
    for (const bit of [0x02, 0x20, 0x80]) {
      const altered = Buffer.from(p7m)
      altered[offset] = (altered[offset] ?? 0) ^ bit
      const result = open(altered)
      if (result.ok) assert.deepEqual(result, opened, `byte ${offset}`)
    }
    assert.equal(open(p7m.subarray(0, offset)).ok, false)
  }
  fc.assert(
    fc.property(fc.array(mutationOf(p7m.length), { minLength: 1, maxLength: 4 }), (mutations) => {
      const result = open(mutate(p7m, mutations))
      if (result.ok) assert.deepEqual(result, opened)
    }),
    { numRuns: 1500 },
  )
})

test('random bytes are neither a list nor a signed file', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(facts(Buffer.from(bytes)), null)
      assert.equal(open(Buffer.from(bytes)).ok, false)
    }),
    { numRuns: 1500 },
  )
})

test('hostile shapes end soon: nesting, millions of tiny elements, huge lengths', () => {
  const tiny = Buffer.alloc(4_000_000, Buffer.from([TAG.sequence, 0]))
  const certificates = sequence(element(TAG.integer, Buffer.from([1])), element(TAG.set), sequence(), element(0xa0, tiny))
  const signedData = (inside: Buffer) => sequence(Buffer.from('06092a864886f70d010702', 'hex'), element(0xa0, inside))
  const indefinite = Buffer.alloc(2_000_000, Buffer.from([TAG.sequence, 0x80]))
  const pieces = Buffer.concat([Buffer.from([0x24, 0x80]), Buffer.alloc(4_000_000, Buffer.from([TAG.octetString, 0]))])
  const shapes = [
    sequence(tiny),
    element(TAG.set, tiny),
    signedData(certificates),
    signedData(Buffer.concat([Buffer.from([TAG.sequence, 0x80]), tiny])),
    Buffer.concat([Buffer.from([TAG.sequence, 0x80]), tiny, Buffer.alloc(2)]),
    indefinite,
    pieces,
    Buffer.from('3084ffffffff', 'hex'),
    Buffer.from('-----BEGIN X509 CRL-----'.repeat(100_000)),
  ]
  const start = performance.now()
  for (const shape of shapes) {
    assert.equal(open(shape).ok, false)
    assert.equal(facts(shape), null)
  }
  const milliseconds = performance.now() - start
  assert.ok(milliseconds < 10_000, `${milliseconds} ms`)
})
