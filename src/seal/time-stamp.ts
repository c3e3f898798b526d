/**
 * Verifies a time stamp token (RFC 3161 2.4.2): a CMS SignedData of an authority that says when it saw a digest. What comes from outside
 * never throws: the answer is a typed result. The certificates must have been valid at the time that the token says; revocation is not asked.
 */
import { hash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { createCertificateCache } from './certificate-cache.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import { TAG, childrenOf, expectTag, readAll } from './der.ts'
import type { Element } from './der.ts'
import { OID } from './oids.ts'
import { digestNameOf } from './signature-scheme.ts'
import type { DigestName } from './signature-scheme.ts'
import { readAlgorithm, readSignedData } from './signed-data.ts'
import { readTimeStampInfo } from './time-stamp-messages.ts'
import type { TimeStampInfo } from './time-stamp-messages.ts'
import { refused, verifyCms } from './verify-cms.ts'
import type { CmsFailure, Refused } from './verify-cms.ts'

export type TimeStampFailure =
  | CmsFailure
  /** it is about something else */
  | 'other-digest'
  | 'other-nonce'
  | 'other-policy'
  /** the certificate is not one for time stamps, and for nothing else (RFC 3161 2.3) */
  | 'not-for-time-stamps'
  /** the signature does not name its certificate (RFC 5035, RFC 5816) */
  | 'other-certificate'

export interface VerifiedTimeStamp extends TimeStampInfo {
  readonly ok: true
  /** DER of the authority's certificate, and of those above it up to the trusted root */
  readonly certificate: Buffer
  readonly chain: Buffer[]
}

export type TimeStampResult = VerifiedTimeStamp | Refused<TimeStampFailure>

export interface TimeStampExpectation {
  /** SHA-256 that must be stamped */
  readonly digest: Buffer
  /** DER of the CA certificates that vouch for authorities */
  readonly roots: readonly Buffer[]
  /** what was sent in the request; not looked at where left out: a stored token is not asked again */
  readonly nonce?: Buffer
  /** the only policy that will do */
  readonly policy?: string | undefined
}

/** RFC 3161 2.3: this purpose, this one only, and critical. */
function isForTimeStamps({ fields }: KnownCertificate): boolean {
  const { extendedKeyUsage, extendedKeyUsageCritical, keyUsage, basicConstraints } = fields
  if (extendedKeyUsage?.length !== 1 || extendedKeyUsage[0] !== OID.timeStamping || !extendedKeyUsageCritical) return false
  // digitalSignature or nonRepudiation (RFC 5280 4.2.1.12), and nothing of a CA.
  return (keyUsage === null || (keyUsage & 0xc0) !== 0) && basicConstraints?.ca !== true
}

/** The first ESSCertID of an attribute: its digest, and the algorithm of it, SHA-256 where it does not say (RFC 5035 4). */
function certificateHash(attribute: Element, version: 1 | 2): { name: DigestName | null; value: Buffer } {
  const [certificates] = readAll(attribute.content)
  const [first] = childrenOf(certificates, TAG.sequence)
  const fields = childrenOf(first, TAG.sequence)
  if (version === 1) return { name: 'sha1', value: expectTag(fields[0], TAG.octetString).content }
  const named = fields[0]?.tag === TAG.sequence
  return {
    name: named ? digestNameOf(readAlgorithm(fields[0])) : 'sha256',
    value: expectTag(fields[named ? 1 : 0], TAG.octetString).content,
  }
}

/** Whether the signature names its own certificate: else another one with the same key could be put in its place. */
function namesItsCertificate(attributes: ReadonlyMap<string, Element>, certificate: KnownCertificate): boolean {
  const second = attributes.get(OID.signingCertificateV2)
  const first = attributes.get(OID.signingCertificate)
  const attribute = second ?? first
  if (!attribute) return false
  const { name, value } = certificateHash(expectTag(attribute, TAG.sequence), second ? 2 : 1)
  return name !== null && value.equals(hash(name, certificate.der, 'buffer'))
}

function verify(token: Buffer, expected: TimeStampExpectation, cache: CertificateCache): TimeStampResult {
  const { content } = readSignedData(token)
  if (content === null) return refused('content-needed')
  const info = readTimeStampInfo(content)
  if (info.algorithm !== OID.sha256 || !info.digest.equals(expected.digest)) return refused('other-digest')
  if (expected.nonce && info.nonce?.equals(expected.nonce) !== true) return refused('other-nonce')
  if (expected.policy !== undefined && info.policy !== expected.policy) return refused('other-policy')
  const result = verifyCms(token, { content }, { roots: expected.roots, at: info.time }, cache, OID.timeStampInfo)
  if (!result.ok) return result
  const { certificate, chain, attributes } = result
  if (!isForTimeStamps(certificate)) return refused('not-for-time-stamps')
  if (!namesItsCertificate(attributes, certificate)) return refused('other-certificate')
  return { ok: true, ...info, certificate: certificate.der, chain: chain.map(({ der }) => der) }
}

/**
 * @param token DER or BER
 * @returns what the authority says, or the reason of the refusal; bad input never throws
 */
export function verifyTimeStamp(
  token: Buffer,
  expected: TimeStampExpectation,
  cache: CertificateCache = createCertificateCache(),
): TimeStampResult {
  try {
    return verify(token, expected, cache)
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return refused('not-cms')
    throw error
  }
}
