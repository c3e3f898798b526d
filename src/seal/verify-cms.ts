/**
 * Verifies the one signature of a CMS SignedData up to a trusted root: attributes, digest, signature, chain. What the signer may sign is for
 * the callers: `verify.ts` for seals, `signed-file.ts` for files. What comes from outside never throws: the answer is a typed result.
 */
import { hash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import { findChain } from './chain.ts'
import { TAG, dottedOf, expectTag, readAll, timeOf } from './der.ts'
import type { Element } from './der.ts'
import { OID } from './oids.ts'
import { signatureHolds } from './signature-algorithm.ts'
import { digestNameOf, signatureSchemeOf } from './signature-scheme.ts'
import type { DigestName } from './signature-scheme.ts'
import { readAlgorithm, readAttributes, readSignedData } from './signed-data.ts'
import type { SignedData, SignerInfo } from './signed-data.ts'

/** Either the signed bytes or, where they were hashed already, their SHA-256. */
export type Signed = { readonly content: Buffer; readonly digest?: never } | { readonly digest: Buffer; readonly content?: never }

export interface Trust {
  /** DER of the trusted CA certificates. Pass the same array each time (it is opened once) and do not change it. */
  readonly roots: readonly Buffer[]
  /** when the certificates must be valid, in milliseconds since 1970 */
  readonly at: number
}

export type CmsFailure =
  /** no CMS SignedData, or cut, or with nonsense inside */
  | 'not-cms'
  | 'not-one-signer'
  /** no signed attributes, or not those that RFC 5652 11 asks for, or ambiguous ones */
  | 'bad-attributes'
  | 'unsupported-algorithm'
  /** only a SHA-256 was given and the signer uses another digest: ask again with the content; or a file without its content inside */
  | 'content-needed'
  | 'digest-mismatch'
  | 'no-signer-certificate'
  | 'bad-signature'
  | 'untrusted-chain'
  /** a good chain, but not valid at that time: expired, or not valid yet */
  | 'expired'

export interface Refused<Reason extends string> {
  readonly ok: false
  readonly reason: Reason
}

export interface VerifiedCms {
  readonly ok: true
  readonly certificate: KnownCertificate
  /** those above it, up to the trusted root */
  readonly chain: KnownCertificate[]
  /** the signed bytes, where they were given or stand inside */
  readonly content: Buffer | null
  /** milliseconds since 1970, as the signer says; null where he does not */
  readonly signingTime: number | null
  readonly digestAlgorithm: DigestName
  /** the signed attributes that are read, by their identifier */
  readonly attributes: ReadonlyMap<string, Element>
}

export type CmsResult = VerifiedCms | Refused<CmsFailure>

export const refused = <Reason extends string>(reason: Reason): Refused<Reason> => ({ ok: false, reason })

/** Whether that is the certificate that a signer names as his. */
export function isSigner({ fields }: Pick<KnownCertificate, 'fields'>, by: SignerInfo['by']): boolean {
  if ('keyId' in by) return fields.subjectKeyId?.equals(by.keyId) === true
  return fields.serial.equals(by.serial) && fields.issuer.equals(by.issuer)
}

/** RFC 6211: where the signer protects his algorithms, they must be those that he used. */
function algorithmsAreProtected(value: Buffer, signer: SignerInfo): boolean {
  const [digest, signature] = readAll(value)
  return (
    readAlgorithm(digest).id === signer.digestAlgorithm.id && readAlgorithm(signature, 0xa1).id === signer.signatureAlgorithm.id
  )
}

function digestOf(signed: Signed, digest: DigestName): Buffer | null {
  if (signed.content !== undefined) return hash(digest, signed.content, 'buffer')
  return digest === 'sha256' ? signed.digest : null
}

function verifySignature(
  data: SignedData,
  signed: Signed,
  trust: Trust,
  cache: CertificateCache,
  expectedType: string,
): CmsResult {
  const { digestAlgorithms, contentType, certificates, signers } = data
  if (contentType !== expectedType) return refused('not-cms')
  const [signer, ...more] = signers
  if (signer === undefined || more.length > 0) return refused('not-one-signer')

  const digestAlgorithm = digestNameOf(signer.digestAlgorithm)
  const scheme = digestAlgorithm && signatureSchemeOf(signer.signatureAlgorithm, digestAlgorithm)
  if (!scheme) return refused('unsupported-algorithm')
  // RFC 5652 5.1: a digest that is not announced may be refused; openssl does so too.
  if (!digestAlgorithms.some((announced) => digestNameOf(announced) === digestAlgorithm)) return refused('not-cms')
  if (signer.signedAttributes === null) return refused('bad-attributes')
  const attributes = readAttributes(signer.signedAttributes)
  const type = attributes?.get(OID.contentType)
  const digest = attributes?.get(OID.messageDigest)
  if (!attributes || !digest || type?.tag !== TAG.oid || dottedOf(type.content) !== contentType) return refused('bad-attributes')
  const protectedAlgorithms = attributes.get(OID.cmsAlgorithmProtection)
  if (protectedAlgorithms && !algorithmsAreProtected(protectedAlgorithms.content, signer)) return refused('bad-attributes')
  const time = attributes.get(OID.signingTime)
  const signingTime = time ? timeOf(time) : null

  const expected = digestOf(signed, digestAlgorithm)
  if (expected === null) return refused('content-needed')
  if (!expectTag(digest, TAG.octetString).content.equals(expected)) return refused('digest-mismatch')

  const known = certificates.flatMap((der) => cache.open(der) ?? [])
  const certificate = known.find((one) => isSigner(one, signer.by))
  if (!certificate) return refused('no-signer-certificate')
  const attributesDer = Buffer.from(signer.signedAttributes)
  // RFC 5652 5.4: signed as the SET OF that they are, not as the [0] that they are written as.
  attributesDer[0] = TAG.set
  if (!signatureHolds(scheme, attributesDer, certificate.publicKey, signer.signature)) return refused('bad-signature')

  const path = findChain({ certificate, others: known, roots: cache.openList(trust.roots), at: trust.at }, cache)
  if (!path.ok) return refused(path.reason)
  return { ok: true, certificate, chain: path.chain, content: signed.content ?? null, signingTime, digestAlgorithm, attributes }
}

/**
 * @param cms DER or BER
 * @param signed what must be signed; null for the content inside
 * @param contentType what it must be
 * @returns the signer, or the reason of the refusal; bad input never throws
 */
export function verifyCms(
  cms: Buffer,
  signed: Signed | null,
  trust: Trust,
  cache: CertificateCache,
  contentType: string = OID.data,
): CmsResult {
  try {
    const data = readSignedData(cms)
    if (signed) return verifySignature(data, signed, trust, cache, contentType)
    return data.content ? verifySignature(data, { content: data.content }, trust, cache, contentType) : refused('content-needed')
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return refused('not-cms')
    throw error
  }
}
