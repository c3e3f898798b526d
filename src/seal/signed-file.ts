/**
 * Signed files (.p7m): a CMS SignedData with the content inside, as the directory of the providers and its records are published
 * (RFC 6109 4.5, 4.5.6; RFC 8551 3.2).
 */
import { hash } from 'node:crypto'
import { createCertificateCache } from './certificate-cache.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import { KEY_USAGE } from './certificate.ts'
import type { Sealer } from './cms-template.ts'
import { TAG, childrenOf, element, expectTag, objectIdentifier, octetString, readOnly, sequence } from './der.ts'
import { OID } from './oids.ts'
import { refused, verifyCms } from './verify-cms.ts'
import type { CmsFailure, Refused, Trust } from './verify-cms.ts'

export type SignedFileFailure =
  | CmsFailure
  /** the certificate is not one for signing documents */
  | 'not-for-signing'

export interface OpenedFile {
  readonly ok: true
  readonly content: Buffer
  /** DER of the signer's certificate, and of those above it up to the trusted root */
  readonly certificate: Buffer
  readonly chain: Buffer[]
  /** milliseconds since 1970, as the signer says; null where he does not */
  readonly signingTime: number | null
}

export type OpenResult = OpenedFile | Refused<SignedFileFailure>

/**
 * Signs a file with the provider's seal. What is signed are attributes with the content's digest, so the signature does not know whether
 * the content stands inside: it is made as a detached seal, and the content is put into its place.
 * @param sealer anything that seals
 * @param at milliseconds since 1970
 * @returns DER
 * @throws what `Sealer.seal` throws
 */
export async function signFile(content: Buffer, sealer: Pick<Sealer, 'seal'>, at: number): Promise<Buffer> {
  const seal = await sealer.seal(hash('sha256', content, 'buffer'), at)
  const [type, wrapped] = childrenOf(readOnly(seal), TAG.sequence)
  const [version, digests, , ...others] = childrenOf(readOnly(expectTag(wrapped, 0xa0).content), TAG.sequence)
  // RFC 5652 5.2: encapContentInfo is the third field.
  const encapsulated = sequence(objectIdentifier(OID.data), element(0xa0, octetString(content)))
  const before = [expectTag(version, TAG.integer).bytes, expectTag(digests, TAG.set).bytes]
  const signedData = sequence(...before, encapsulated, ...others.map(({ bytes }) => bytes))
  return sequence(expectTag(type, TAG.oid).bytes, element(0xa0, signedData))
}

const PURPOSES: readonly string[] = [
  OID.emailProtection,
  OID.documentSigning,
  OID.microsoftDocumentSigning,
  OID.anyExtendedKeyUsage,
]

/** As a seal's certificate, but it needs no address, and may be one for documents. */
function isForSigning({ fields }: KnownCertificate): boolean {
  const { keyUsage, extendedKeyUsage, basicConstraints } = fields
  if (keyUsage !== null && (keyUsage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) === 0) return false
  if (extendedKeyUsage !== null && !extendedKeyUsage.some((purpose) => PURPOSES.includes(purpose))) return false
  return basicConstraints?.ca !== true
}

/**
 * Opens a file with one signer and verifies it. Whether the certificate was revoked, and whose it is, is for the caller.
 * @param p7m DER or BER, also with its content in pieces
 * @returns the content, or the reason of the refusal; bad input never throws
 */
export function openSignedFile(p7m: Buffer, trust: Trust, cache: CertificateCache = createCertificateCache()): OpenResult {
  const result = verifyCms(p7m, null, trust, cache)
  if (!result.ok) return result
  const { certificate, chain, content, signingTime } = result
  if (content === null) return refused('content-needed')
  if (!isForSigning(certificate)) return refused('not-for-signing')
  return { ok: true, content, certificate: certificate.der, chain: chain.map(({ der }) => der), signingTime }
}
