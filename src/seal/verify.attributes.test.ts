/** Signed attributes as no signer of ours writes them: the CMS is made here, piece by piece, and truly signed. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { readCertificate } from './certificate.ts'
import {
  TAG,
  element,
  inSetOrder,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  smallInteger,
  timeElement,
} from './der.ts'
import { OID } from './oids.ts'
import { NOW, openBench } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'

const DIGEST = createHash('sha256').update('content').digest()

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

const attribute = (id: string, ...values: Buffer[]): Buffer => sequence(objectIdentifier(id), setOf(...values))
const algorithm = (id: string): Buffer => sequence(objectIdentifier(id), nullValue())

const TYPE = attribute(OID.contentType, objectIdentifier(OID.data))
const TIME = attribute(OID.signingTime, timeElement(NOW))
const MESSAGE_DIGEST = attribute(OID.messageDigest, octetString(DIGEST))
const guard = (digest: string, signature: string): Buffer =>
  attribute(OID.cmsAlgorithmProtection, sequence(algorithm(digest), element(0xa1, objectIdentifier(signature), nullValue())))

async function cmsWith(...attributes: Buffer[]): Promise<Buffer> {
  const { issuer, serial } = readCertificate(bench.identity.certificate)
  const ordered = inSetOrder(attributes)
  const signer = sequence(
    smallInteger(1),
    sequence(issuer, element(TAG.integer, serial)),
    algorithm(OID.sha256),
    element(0xa0, ...ordered),
    algorithm(OID.rsaEncryption),
    octetString(await bench.identity.sign(element(TAG.set, ...ordered))),
  )
  const data = sequence(
    smallInteger(1),
    setOf(algorithm(OID.sha256)),
    sequence(objectIdentifier(OID.data)),
    element(0xa0, bench.identity.certificate),
    setOf(signer),
  )
  return sequence(objectIdentifier(OID.signedData), element(0xa0, data))
}

const verify = async (...attributes: Buffer[]) =>
  verifyDetached({ cms: await cmsWith(...attributes), digest: DIGEST, roots: bench.roots, at: NOW })

test('signingTime may be missing, unknown attributes may be there, the order does not matter', async () => {
  const unknown = attribute('1.2.3.4', smallInteger(1), smallInteger(2))
  const timeless = await verify(TYPE, MESSAGE_DIGEST, unknown, unknown)
  assert.ok(timeless.ok)
  assert.equal(timeless.signingTime, null)
  assert.ok((await verify(MESSAGE_DIGEST, TIME, TYPE)).ok)
})

test('RFC 6211: protected algorithms must be those that were used', async () => {
  assert.ok((await verify(TYPE, MESSAGE_DIGEST, guard(OID.sha256, OID.rsaEncryption))).ok)
  const wrong = { ok: false, reason: 'bad-attributes' }
  assert.deepEqual(await verify(TYPE, MESSAGE_DIGEST, guard(OID.sha512, OID.rsaEncryption)), wrong)
  assert.deepEqual(await verify(TYPE, MESSAGE_DIGEST, guard(OID.sha256, OID.sha256WithRsa)), wrong)
})

test('RFC 5652 11: attributes that are missing, double, empty or of another type are refused', async () => {
  const wrong = { ok: false, reason: 'bad-attributes' }
  const kinds = [
    [TYPE, TIME],
    [MESSAGE_DIGEST, TIME],
    [TYPE, MESSAGE_DIGEST, MESSAGE_DIGEST],
    [TYPE, attribute(OID.messageDigest, octetString(DIGEST), octetString(Buffer.alloc(32)))],
    [TYPE, attribute(OID.messageDigest)],
    [TYPE, MESSAGE_DIGEST, TIME, attribute(OID.signingTime, timeElement(NOW + 1000))],
    [attribute(OID.contentType, objectIdentifier(OID.signedData)), MESSAGE_DIGEST],
    [attribute(OID.contentType, octetString(DIGEST)), MESSAGE_DIGEST],
  ]
  for (const attributes of kinds) assert.deepEqual(await verify(...attributes), wrong)
})
