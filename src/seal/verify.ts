/**
 * Verifies a detached seal: ours, another provider's, or one from old mail. What comes from outside is never trusted and never throws:
 * the answer is a typed result. Revocation is not asked here.
 */
import { hash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { createCertificateCache } from './certificate-cache.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import { KEY_USAGE } from './certificate.ts'
import { findChain } from './chain.ts'
import { TAG, expectTag, readAll, timeOf, dottedOf } from './der.ts'
import { OID } from './oids.ts'
import { digestNameOf, signatureHolds, signatureSchemeOf } from './signature-algorithm.ts'
import type { DigestName } from './signature-algorithm.ts'
import { readAlgorithm, readAttributes, readSignedData } from './signed-data.ts'
import type { SignerInfo } from './signed-data.ts'

/** Either the signed bytes or, where they were hashed already, their SHA-256. */
type Signed = { readonly content: Buffer; readonly digest?: never } | { readonly digest: Buffer; readonly content?: never }

export type VerifyInput = Signed & {
  /** the decoded `smime.p7s` */
  readonly cms: Buffer
  /** DER of the trusted CA certificates. Pass the same array each time (it is opened once) and do not change it. */
  readonly roots: readonly Buffer[]
  /** when the certificates must be valid, in milliseconds since 1970 */
  readonly at: number
}

export type VerifyFailure =
  /** no CMS SignedData, or cut, or with nonsense inside */
  | 'not-cms'
  | 'not-one-signer'
  /** no signed attributes, or not those that RFC 5652 11 asks for, or ambiguous ones */
  | 'bad-attributes'
  | 'unsupported-algorithm'
  /** only a SHA-256 was given and the seal uses another digest: ask again with the content */
  | 'content-needed'
  | 'digest-mismatch'
  | 'no-signer-certificate'
  | 'bad-signature'
  /** the certificate is not one for sealing mail: key usage, or no address */
  | 'not-for-sealing'
  | 'untrusted-chain'
  /** a good chain, but not valid at that time: expired, or not valid yet */
  | 'expired'

export interface VerifiedSeal {
  readonly ok: true
  /** DER of the signer's certificate, and of those above it up to the trusted root */
  readonly certificate: Buffer
  readonly chain: Buffer[]
  /** the first rfc822Name of the certificate, and all of them */
  readonly address: string
  readonly addresses: string[]
  /** milliseconds since 1970, as the signer says; null where he does not */
  readonly signingTime: number | null
  readonly digestAlgorithm: DigestName
}

export type VerifyResult = VerifiedSeal | { readonly ok: false; readonly reason: VerifyFailure }

const failed = (reason: VerifyFailure): VerifyResult => ({ ok: false, reason })

function isSigner({ fields }: KnownCertificate, by: SignerInfo['by']): boolean {
  if ('keyId' in by) return fields.subjectKeyId?.equals(by.keyId) === true
  return fields.serial.equals(by.serial) && fields.issuer.equals(by.issuer)
}

/** RFC 6109 5.5.2; extendedKeyUsage, where there is one, must allow mail (RFC 8550 4.4.4). */
function isForSealing({ fields }: KnownCertificate): boolean {
  const { keyUsage, extendedKeyUsage, basicConstraints } = fields
  if (keyUsage !== null && (keyUsage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) === 0) return false
  const purposes: readonly string[] = [OID.emailProtection, OID.anyExtendedKeyUsage]
  if (extendedKeyUsage !== null && !extendedKeyUsage.some((purpose) => purposes.includes(purpose))) return false
  return basicConstraints?.ca !== true && fields.addresses.length > 0
}

/** RFC 6211: where the signer protects his algorithms, they must be those that he used. */
function algorithmsAreProtected(value: Buffer, signer: SignerInfo): boolean {
  const [digest, signature] = readAll(value)
  return (
    readAlgorithm(digest).id === signer.digestAlgorithm.id && readAlgorithm(signature, 0xa1).id === signer.signatureAlgorithm.id
  )
}

function verifySeal(input: VerifyInput, cache: CertificateCache): VerifyResult {
  const { digestAlgorithms, contentType, certificates, signers } = readSignedData(input.cms)
  if (contentType !== OID.data) return failed('not-cms')
  const [signer, ...more] = signers
  if (signer === undefined || more.length > 0) return failed('not-one-signer')

  const digestAlgorithm = digestNameOf(signer.digestAlgorithm)
  const scheme = digestAlgorithm && signatureSchemeOf(signer.signatureAlgorithm, digestAlgorithm)
  if (!scheme) return failed('unsupported-algorithm')
  // RFC 5652 5.1: a digest that is not announced may be refused; openssl does so too.
  if (!digestAlgorithms.some((announced) => digestNameOf(announced) === digestAlgorithm)) return failed('not-cms')
  if (signer.signedAttributes === null) return failed('bad-attributes')
  const attributes = readAttributes(signer.signedAttributes)
  const type = attributes?.get(OID.contentType)
  const digest = attributes?.get(OID.messageDigest)
  if (!attributes || !digest || type?.tag !== TAG.oid || dottedOf(type.content) !== OID.data) return failed('bad-attributes')
  const protectedAlgorithms = attributes.get(OID.cmsAlgorithmProtection)
  if (protectedAlgorithms && !algorithmsAreProtected(protectedAlgorithms.content, signer)) return failed('bad-attributes')
  const time = attributes.get(OID.signingTime)
  const signingTime = time ? timeOf(time) : null

  if (input.content === undefined && digestAlgorithm !== 'sha256') return failed('content-needed')
  const expected = input.content === undefined ? input.digest : hash(digestAlgorithm, input.content, 'buffer')
  if (!expectTag(digest, TAG.octetString).content.equals(expected)) return failed('digest-mismatch')

  const known = certificates.flatMap((der) => cache.open(der) ?? [])
  const certificate = known.find((one) => isSigner(one, signer.by))
  if (!certificate) return failed('no-signer-certificate')
  const signed = Buffer.from(signer.signedAttributes)
  // RFC 5652 5.4: signed as the SET OF that they are, not as the [0] that they are written as.
  signed[0] = TAG.set
  if (!signatureHolds(scheme, signed, certificate.publicKey, signer.signature)) return failed('bad-signature')
  if (!isForSealing(certificate)) return failed('not-for-sealing')

  const path = findChain({ certificate, others: known, roots: cache.openList(input.roots), at: input.at }, cache)
  if (!path.ok) return failed(path.reason)
  const { addresses } = certificate.fields
  return {
    ok: true,
    certificate: certificate.der,
    chain: path.chain.map((one) => one.der),
    address: addresses[0] ?? '',
    addresses,
    signingTime,
    digestAlgorithm,
  }
}

/**
 * Verifies a detached seal over `content` (or over what has the SHA-256 `digest`).
 * @param cache keep one per process: a known certificate makes a seal cheap to verify
 * @returns the signer, or the reason of the refusal; bad input never throws
 */
export function verifyDetached(input: VerifyInput, cache: CertificateCache = createCertificateCache()): VerifyResult {
  try {
    return verifySeal(input, cache)
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return failed('not-cms')
    throw error
  }
}
