/**
 * Reads a certificate revocation list (RFC 5280 5) and verifies it with its issuer's certificate. Strict: only a complete list of one issuer
 * is taken. Delta lists, lists of several issuers, lists for some reasons only and critical extensions that are not processed are refused,
 * because who uses such a list as a complete one misses revocations.
 */
import type { KnownCertificate } from './certificate-cache.ts'
import { KEY_USAGE } from './certificate.ts'
import { readEntries, unfitList } from './crl-entries.ts'
import type { RevokedEntries } from './crl-entries.ts'
import { TAG, childrenOf, expectTag, readOnly, timeOf } from './der.ts'
import type { Element } from './der.ts'
import { readExtensions, readFullName, unknownCriticalOf } from './extensions.ts'
import { OID } from './oids.ts'
import { signatureHolds } from './signature-algorithm.ts'
import { wholeSchemeOf } from './signature-scheme.ts'
import { readAlgorithm } from './signed-data.ts'

/** Which of its issuer's certificates a list speaks of (RFC 5280 5.2.5). */
export interface ListScope {
  readonly of: 'all' | 'users' | 'authorities'
  /** DER of the distribution point's names, where the list is that of one point */
  readonly names: Buffer[] | null
}

export interface RevocationList {
  /** DER of the issuer's name */
  readonly issuer: Buffer
  /** milliseconds since 1970: issued then, and followed by another one at `nextUpdate` at the latest */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly scope: ListScope
  readonly revoked: RevokedEntries
  /** what is signed, and the signature over it; not believed before `verifyList` */
  readonly signed: { readonly bytes: Buffer; readonly algorithm: Element; readonly signature: Buffer }
}

const [PEM_BEGIN, PEM_END] = ['-----BEGIN X509 CRL-----', '-----END X509 CRL-----']

/** The DER of a list in DER or PEM (RFC 7468). */
function derOf(bytes: Buffer): Buffer {
  const start = bytes[0] === TAG.sequence ? -1 : bytes.indexOf(PEM_BEGIN)
  const end = bytes.indexOf(PEM_END, start)
  if (start === -1 || end === -1) return bytes
  return Buffer.from(bytes.toString('latin1', start + PEM_BEGIN.length, end), 'base64')
}

const PROCESSED: ReadonlySet<string> = new Set([OID.authorityKeyIdentifier, OID.crlNumber, OID.issuingDistributionPoint])

/** DER's TRUE; FALSE, being the default of every flag here, is never written. */
const isTrue = (flag: Element): boolean => flag.content.length === 1 && flag.content[0] === 0xff

/** issuingDistributionPoint (RFC 5280 5.2.5) */
function readScope(value: Buffer | undefined): ListScope {
  let of: ListScope['of'] = 'all'
  let names: Buffer[] | null = null
  for (const field of value ? childrenOf(readOnly(value), TAG.sequence) : []) {
    if (field.tag === 0xa0) {
      const full = readFullName(field)
      if (full === null) throw unfitList('its distribution point is named relative to the issuer')
      names = full.map(({ bytes }) => bytes)
    } else if (field.tag === 0x81 && isTrue(field) && of === 'all') of = 'users'
    else if (field.tag === 0x82 && isTrue(field) && of === 'all') of = 'authorities'
    else throw unfitList('it is not a complete list of public key certificates of one issuer')
  }
  return { of, names }
}

function readScopeOf(wrapped: Element | undefined): ListScope {
  const extensions = readExtensions(wrapped && readOnly(wrapped.content))
  if (extensions.has(OID.deltaCrlIndicator)) throw unfitList('it is a delta list')
  const unknown = unknownCriticalOf(extensions, PROCESSED)
  if (unknown !== null) throw unfitList(`it has the critical extension ${unknown}`)
  return readScope(extensions.get(OID.issuingDistributionPoint)?.value)
}

const isTimeTag = (tag: number | undefined): boolean => tag === TAG.utcTime || tag === TAG.generalizedTime

/**
 * @param bytes DER or PEM; kept, and not to be changed
 * @throws client errors `der-malformed`; `crl-unfit` for a list that cannot be used as the complete list of its issuer
 */
export function readList(bytes: Buffer): RevocationList {
  const [tbs, algorithm, signature, ...others] = childrenOf(readOnly(derOf(bytes)), TAG.sequence)
  const bits = expectTag(signature, TAG.bitString).content
  if (others.length > 0 || bits[0] !== 0) throw unfitList('its form is not that of a CertificateList')
  const fields = childrenOf(tbs, TAG.sequence)
  const next = (fits: (tag: number) => boolean): Element | undefined =>
    fields[0] && fits(fields[0].tag) ? fields.shift() : undefined
  const version = next((tag) => tag === TAG.integer)
  const inner = next((tag) => tag === TAG.sequence)
  const issuer = next((tag) => tag === TAG.sequence)
  const thisUpdate = next(isTimeTag)
  const nextUpdate = next(isTimeTag)
  const entries = next((tag) => tag === TAG.sequence)
  const extensions = next((tag) => tag === 0xa0)
  if (version && !version.content.equals(Buffer.from([1]))) throw unfitList('its version is unknown')
  if (fields.length > 0 || inner === undefined || thisUpdate === undefined)
    throw unfitList('its form is not that of a TBSCertList')
  const outer = expectTag(algorithm, TAG.sequence)
  // RFC 5280 5.1.1.2: the signed one must be the same as the one outside.
  if (!outer.bytes.equals(inner.bytes)) throw unfitList('it names two signature algorithms')
  // RFC 5280 5.1.2.5. Without it nobody could say until when the list may be used.
  if (nextUpdate === undefined) throw unfitList('it does not say when the next one comes')
  return {
    issuer: expectTag(issuer, TAG.sequence).bytes,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    scope: readScopeOf(extensions),
    revoked: readEntries(entries?.content ?? Buffer.alloc(0)),
    signed: { bytes: expectTag(tbs, TAG.sequence).bytes, algorithm: outer, signature: bits.subarray(1) },
  }
}

/**
 * Whether the issuer has signed the list, and may do so (RFC 5280 6.3.3 (f), (g)).
 * @throws client error `crl-unfit` if not
 */
export function verifyList({ issuer, signed }: RevocationList, { fields, publicKey }: KnownCertificate): void {
  if (!issuer.equals(fields.subject)) throw unfitList('it is of another issuer')
  if (fields.keyUsage !== null && (fields.keyUsage & KEY_USAGE.crlSign) === 0) {
    throw unfitList("its issuer's certificate is not for signing lists")
  }
  const scheme = wholeSchemeOf(readAlgorithm(signed.algorithm))
  if (scheme === null) throw unfitList('its signature algorithm is not understood')
  if (!signatureHolds(scheme, signed.bytes, publicKey, signed.signature)) throw unfitList('its signature is wrong')
}
