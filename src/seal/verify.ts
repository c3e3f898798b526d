/**
 * Verifies a detached seal: ours, another provider's, or one from old mail. What comes from outside is never trusted and never throws:
 * the answer is a typed result. Revocation is not asked here.
 */
import { createCertificateCache } from './certificate-cache.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import { KEY_USAGE } from './certificate.ts'
import { OID } from './oids.ts'
import type { DigestName } from './signature-scheme.ts'
import { refused, verifyCms } from './verify-cms.ts'
import type { CmsFailure, Refused, Signed, Trust } from './verify-cms.ts'

export type VerifyInput = Signed &
  Trust & {
    /** the decoded `smime.p7s` */
    readonly cms: Buffer
  }

export type VerifyFailure =
  | CmsFailure
  /** the certificate is not one for sealing mail: key usage, or no address */
  | 'not-for-sealing'

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

export type VerifyResult = VerifiedSeal | Refused<VerifyFailure>

/** RFC 6109 5.5.2; extendedKeyUsage, where there is one, must allow mail (RFC 8550 4.4.4). */
function isForSealing({ fields }: KnownCertificate): boolean {
  const { keyUsage, extendedKeyUsage, basicConstraints } = fields
  if (keyUsage !== null && (keyUsage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) === 0) return false
  const purposes: readonly string[] = [OID.emailProtection, OID.anyExtendedKeyUsage]
  if (extendedKeyUsage !== null && !extendedKeyUsage.some((purpose) => purposes.includes(purpose))) return false
  return basicConstraints?.ca !== true && fields.addresses.length > 0
}

/**
 * Verifies a detached seal over `content` (or over what has the SHA-256 `digest`).
 * @param cache keep one per process: a known certificate makes a seal cheap to verify
 * @returns the signer, or the reason of the refusal; bad input never throws
 */
export function verifyDetached(input: VerifyInput, cache: CertificateCache = createCertificateCache()): VerifyResult {
  const result = verifyCms(input.cms, input, input, cache)
  if (!result.ok) return result
  const { certificate, chain, signingTime, digestAlgorithm } = result
  if (!isForSealing(certificate)) return refused('not-for-sealing')
  const { addresses } = certificate.fields
  return {
    ok: true,
    certificate: certificate.der,
    chain: chain.map(({ der }) => der),
    address: addresses[0] ?? '',
    addresses,
    signingTime,
    digestAlgorithm,
  }
}
