/**
 * The seal: a detached CMS SignedData (RFC 5652), SHA-256 with RSA PKCS#1 v1.5, as PEC messages carry it in `smime.p7s`.
 *
 * All of it but signing time, digest and signature is the same in every seal, so the DER is built once per identity, with holes of a known
 * place and length. A seal is then one copy, two small writes and one signature: the RSA operation is nearly all of its cost.
 *
 * Invariants: every seal of a sealer has the same length; no seal bears a time outside its certificate's validity; the first signature is
 * verified with the certificate, so a key that does not belong to it never seals anything.
 */
import { X509Certificate, verify } from 'node:crypto'
import { CeralaccaError, temporaryError } from '../base/errors.ts'
import { KEY_USAGE, readCertificate } from './certificate.ts'
import type { CertificateFields } from './certificate.ts'
import {
  TAG,
  YEAR_2050,
  element,
  inSetOrder,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  smallInteger,
  timeElement,
  timeText,
} from './der.ts'
import { LEAST_RSA_BITS } from './key-store.ts'
import type { SignFunction } from './key-store.ts'
import { OID } from './oids.ts'

/** Who seals: certificate, the CA certificates above it, and what signs with its key. */
export interface SealIdentity {
  /** DER */
  readonly certificate: Buffer
  /** DER; the issuer of the certificate and upwards, in any order */
  readonly chain: readonly Buffer[]
  readonly sign: SignFunction
}

export interface Sealer {
  /**
   * @param digest SHA-256 of the signed bytes (the first part of the multipart/signed, without the line break before the boundary)
   * @param at the instant of the transaction (I7), a Date or milliseconds since 1970; written in whole seconds
   * @returns DER of the seal, `size` bytes
   * @throws temporary errors `seal-certificate-expired`, `seal-failed`; permanent error `seal-key-mismatch`
   */
  seal(digest: Buffer, at: Date | number): Promise<Buffer>
  /** length in bytes of every seal. (Times of 2050 and later are two bytes longer.) */
  readonly size: number
  /** rfc822Name of the certificate: the address that certified messages come from */
  readonly address: string
  /** DER */
  readonly certificate: Buffer
}

const DIGEST_LENGTH = 32

const unfit = (message: string, cause?: unknown): CeralaccaError =>
  new CeralaccaError('seal-certificate-unfit', 'permanent', `the seal certificate cannot be used: ${message}`, { cause })

const attribute = (id: string, value: Buffer): Buffer => sequence(objectIdentifier(id), element(TAG.set, value))

interface Template {
  /** the whole seal, holes filled with zeros */
  readonly bytes: Buffer
  /** where the signed attributes are, tag included, and where in the seal the holes are */
  readonly attributes: { readonly start: number; readonly end: number }
  readonly time: number
  readonly digest: number
  readonly signature: number
}

/** RFC 5652 5.1 and 5.3, with `at` only for the form of the time: UTCTime or GeneralizedTime. */
function buildTemplate(identity: SealIdentity, fields: CertificateFields, signatureLength: number, at: number): Template {
  const sha256 = sequence(objectIdentifier(OID.sha256), nullValue())
  const time = attribute(OID.signingTime, timeElement(at))
  const digest = attribute(OID.messageDigest, octetString(Buffer.alloc(DIGEST_LENGTH)))
  // RFC 5652 5.3: signed attributes in DER, so in the order of a SET OF.
  const ordered = inSetOrder([attribute(OID.contentType, objectIdentifier(OID.data)), time, digest])
  const attributes = element(0xa0, ...ordered)
  const tail = Buffer.concat([
    // As OpenSSL and the providers write it: rsaEncryption, the digest algorithm says the rest (RFC 3370 3.2).
    sequence(objectIdentifier(OID.rsaEncryption), nullValue()),
    octetString(Buffer.alloc(signatureLength)),
  ])
  const signer = sequence(smallInteger(1), sequence(fields.issuer, element(TAG.integer, fields.serial)), sha256, attributes, tail)
  const signedData = sequence(
    smallInteger(1),
    setOf(sha256),
    sequence(objectIdentifier(OID.data)),
    element(0xa0, ...inSetOrder([identity.certificate, ...identity.chain])),
    setOf(signer),
  )
  const bytes = sequence(objectIdentifier(OID.signedData), element(0xa0, signedData))
  // The signer's fields end the seal, and each hole ends its attribute: every place is counted from the end.
  const end = bytes.length - tail.length
  const endOf = (value: Buffer): number => {
    const after = ordered.slice(ordered.indexOf(value) + 1)
    return end - after.reduce((sum, next) => sum + next.length, 0)
  }
  return {
    bytes,
    attributes: { start: end - attributes.length, end },
    time: endOf(time) - timeText(at).length,
    digest: endOf(digest) - DIGEST_LENGTH,
    signature: bytes.length - signatureLength,
  }
}

function openCertificate(identity: SealIdentity): { fields: CertificateFields; x509: X509Certificate; chain: X509Certificate[] } {
  try {
    return {
      fields: readCertificate(identity.certificate),
      x509: new X509Certificate(identity.certificate),
      chain: identity.chain.map((der) => new X509Certificate(der)),
    }
  } catch (cause) {
    throw unfit('it or its chain is not DER of an X.509 certificate', cause)
  }
}

/**
 * Prepares an identity for sealing.
 * @throws permanent error `seal-certificate-unfit`: unreadable, not RSA of 2048 bits or more, no address, not for signing, or its issuer is
 * not in the chain. That the key belongs to the certificate shows at the first seal; `openSealer` asks at once.
 */
export function createSealer(identity: SealIdentity): Sealer {
  const { fields, x509, chain } = openCertificate(identity)
  const { publicKey } = x509
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < LEAST_RSA_BITS)
    throw unfit(`its key is not RSA of ${LEAST_RSA_BITS} bits or more`)
  const [address] = fields.addresses
  if (address === undefined) throw unfit('it has no e-mail address in its subjectAltName (RFC 6109 5.5.1)')
  if (((fields.keyUsage ?? 0) & KEY_USAGE.digitalSignature) === 0) throw unfit('keyUsage lacks digitalSignature (RFC 6109 5.5.2)')
  if (![x509, ...chain].some((issuer) => x509.checkIssued(issuer))) throw unfit("its issuer's certificate is not in the chain")

  const build = (at: number): Template => buildTemplate(identity, fields, Math.ceil(bits / 8), at)
  const template = build(0)
  // A certificate that outlives 2049 is rare: its second template is built only when asked for.
  const templateAt = (at: number): Template => (at < YEAR_2050 ? template : build(at))
  let proved = false

  async function sign(data: Buffer): Promise<Buffer> {
    const signature = await identity.sign(data).catch((cause: unknown) => {
      throw temporaryError('seal-failed', 'the seal key could not sign', cause)
    })
    if (!proved) {
      if (!verify('sha256', data, publicKey, signature)) {
        throw new CeralaccaError('seal-key-mismatch', 'permanent', 'the seal key does not belong to the seal certificate')
      }
      proved = true
    }
    return signature
  }

  return {
    size: template.bytes.length,
    address,
    certificate: identity.certificate,
    async seal(digest, at) {
      const ms = Math.floor(Number(at) / 1000) * 1000
      if (digest.length !== DIGEST_LENGTH) throw new CeralaccaError('seal-digest', 'bug', 'a SHA-256 digest has 32 bytes')
      // Written so that a time that is no number is refused too.
      if (!(ms >= fields.notBefore && ms <= fields.notAfter)) {
        throw temporaryError('seal-certificate-expired', 'the seal certificate is not valid at the time of the seal')
      }
      const { bytes, attributes, ...holes } = templateAt(ms)
      const seal = Buffer.from(bytes)
      seal.write(timeText(ms), holes.time, 'latin1')
      digest.copy(seal, holes.digest)
      const signed = Buffer.from(seal.subarray(attributes.start, attributes.end))
      // RFC 5652 5.4: signed as the SET OF that they are, not as the [0] that they are written as.
      signed[0] = TAG.set
      const signature = await sign(signed)
      if (signature.length !== bytes.length - holes.signature) throw temporaryError('seal-failed', 'a signature of an odd length')
      signature.copy(seal, holes.signature)
      return seal
    },
  }
}

/**
 * As `createSealer`, and signs a probe first: answers only once key and certificate are known to belong together.
 * @throws permanent error `seal-key-mismatch`, and what `createSealer` throws
 */
export async function openSealer(identity: SealIdentity): Promise<Sealer> {
  const sealer = createSealer(identity)
  await sealer.seal(Buffer.alloc(DIGEST_LENGTH), readCertificate(identity.certificate).notBefore)
  return sealer
}
