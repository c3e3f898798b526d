/**
 * A time-stamping authority (RFC 3161) for demonstrations and tests: it answers within the process, without a network, with the clock of
 * this machine. Nobody else trusts it.
 */
import { createPrivateKey, hash, randomBytes, sign } from 'node:crypto'
import { readCertificate } from './certificate.ts'
import {
  TAG,
  element,
  generalizedTimeElement,
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
import { certificatesOf } from './pem.ts'
import type { IssuedPair } from './test-authority.ts'
import { imprint, nonceOf, readRequest } from './time-stamp-messages.ts'
import type { TimeStampAuthority } from './time-stamp-client.ts'

/** an arc that nobody owns: RFC 3161 wants a policy, and this one promises nothing */
const TEST_POLICY = '1.3.6.1.4.1.99999.1.1'
const SHA256 = sequence(objectIdentifier(OID.sha256), nullValue())
const BAD_ALGORITHM = 0
const REJECTION = 2

const attribute = (id: string, value: Buffer): Buffer => sequence(objectIdentifier(id), element(TAG.set, value))

/** PKIStatusInfo of a refusal (RFC 3161 2.4.2). */
const refusal = (bit: number, words: string): Buffer =>
  sequence(
    sequence(
      smallInteger(REJECTION),
      sequence(element(0x0c, Buffer.from(words, 'utf8'))),
      element(TAG.bitString, Buffer.from([7 - bit, 0x80 >> bit])),
    ),
  )

/** A CMS SignedData around TSTInfo, with the signing certificate named (RFC 5816). */
function signToken(info: Buffer, certificate: Buffer, key: string, at: number): Buffer {
  const { issuer, serial } = readCertificate(certificate)
  const attributes = inSetOrder([
    attribute(OID.contentType, objectIdentifier(OID.timeStampInfo)),
    attribute(OID.signingTime, timeElement(at)),
    attribute(OID.messageDigest, octetString(hash('sha256', info, 'buffer'))),
    attribute(OID.signingCertificateV2, sequence(sequence(sequence(octetString(hash('sha256', certificate, 'buffer')))))),
  ])
  const privateKey = createPrivateKey(key)
  const signature = sign('sha256', element(TAG.set, ...attributes), privateKey)
  const algorithm =
    privateKey.asymmetricKeyType === 'ec'
      ? sequence(objectIdentifier(OID.ecdsaWithSha256))
      : sequence(objectIdentifier(OID.rsaEncryption), nullValue())
  const signer = sequence(
    smallInteger(1),
    sequence(issuer, element(TAG.integer, serial)),
    SHA256,
    element(0xa0, ...attributes),
    algorithm,
    octetString(signature),
  )
  const signedData = sequence(
    smallInteger(3),
    setOf(SHA256),
    sequence(objectIdentifier(OID.timeStampInfo), element(0xa0, octetString(info))),
    element(0xa0, certificate),
    setOf(signer),
  )
  return sequence(objectIdentifier(OID.signedData), element(0xa0, signedData))
}

/**
 * @param stamp the authority's certificate and key, PEM
 * @param now the clock, milliseconds since 1970
 */
export function createTestTimeStamps(stamp: IssuedPair, now: () => number): TimeStampAuthority {
  const [certificate = Buffer.alloc(0)] = certificatesOf(stamp.certificate)

  return {
    name: 'test authority',
    async ask(query) {
      const { algorithm, digest, nonce, policy } = readRequest(query)
      if (algorithm !== OID.sha256) return refusal(BAD_ALGORITHM, 'only SHA-256 is stamped')
      const at = now()
      const info = sequence(
        smallInteger(1),
        objectIdentifier(policy ?? TEST_POLICY),
        imprint(digest),
        element(TAG.integer, nonceOf(randomBytes(16))),
        generalizedTimeElement(at),
        ...(nonce === null ? [] : [element(TAG.integer, nonce)]),
      )
      return sequence(sequence(smallInteger(0)), signToken(info, certificate, stamp.key, at))
    },
  }
}
