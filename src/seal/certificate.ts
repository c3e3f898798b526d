/**
 * What sealing and verifying ask of an X.509 certificate (RFC 5280 4.1), read from its DER: names and serial as they stand, validity,
 * addresses, and the extensions that say what its key may do. Signatures are not looked at here.
 */
import { TAG, childrenOf, dottedOf, expectTag, readElement, readOnly, timeOf } from './der.ts'
import type { Element } from './der.ts'
import { readExtensions, readFullName, unknownCriticalOf } from './extensions.ts'
import { OID } from './oids.ts'

/** A place that a revocation list is published at (RFC 5280 4.2.1.13). */
export interface DistributionPoint {
  /** DER of its names: all of them name the same list */
  readonly names: Buffer[]
  /** the http and https URLs among them, in order */
  readonly urls: string[]
}

export interface CertificateFields {
  /** DER of the issuer's and of the subject's name */
  readonly issuer: Buffer
  readonly subject: Buffer
  /** value of the serial number, as it stands */
  readonly serial: Buffer
  /** milliseconds since 1970, both inclusive */
  readonly notBefore: number
  readonly notAfter: number
  /** rfc822Names of the subjectAltName, in order */
  readonly addresses: string[]
  readonly subjectKeyId: Buffer | null
  /** the first eight bits of keyUsage, digitalSignature first (0x80); null where there is no such extension */
  readonly keyUsage: number | null
  /** null where there is no such extension */
  readonly extendedKeyUsage: string[] | null
  /** whether extendedKeyUsage is critical */
  readonly extendedKeyUsageCritical: boolean
  /** null where there is no such extension; `pathLength` null where not limited */
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  /**
   * Where its revocation lists are; null where there is no such extension. Points for some reasons only, and those with a list of another
   * issuer, are left out: there may be an extension without a point that can be used.
   */
  readonly distributionPoints: DistributionPoint[] | null
  /** a critical extension that we do not process: the certificate must not be trusted (RFC 5280 4.2) */
  readonly unknownCritical: string | null
}

/** keyUsage bits (RFC 5280 4.2.1.3) */
export const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, crlSign: 0x02 } as const

const PROCESSED = new Set<string>([
  OID.subjectKeyIdentifier,
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.extendedKeyUsage,
])
const RFC822_NAME = 0x81
const URI = 0x86

function readBasicConstraints(value: Buffer): { ca: boolean; pathLength: number | null } {
  const fields = childrenOf(readElement(value), TAG.sequence)
  const limit = fields.find((field) => field.tag === TAG.integer)
  const ca = fields[0]?.tag === TAG.boolean && fields[0].content[0] !== 0
  return { ca, pathLength: limit?.content.length === 1 ? (limit.content[0] ?? 0) : null }
}

function readDistributionPoints(value: Buffer): DistributionPoint[] {
  return childrenOf(readOnly(value), TAG.sequence).flatMap((point) => {
    const [name, ...others] = childrenOf(point, TAG.sequence)
    const names = name?.tag === 0xa0 && others.length === 0 ? readFullName(name) : null
    if (names === null) return []
    const uris = names.flatMap(({ tag, content }) => (tag === URI ? [content.toString('latin1')] : []))
    return [{ names: names.map(({ bytes }) => bytes), urls: uris.filter((uri) => /^https?:/i.test(uri)) }]
  })
}

/**
 * @param der one certificate
 * @throws client error `der-malformed` if it is not DER of a certificate
 */
export function readCertificate(der: Buffer): CertificateFields {
  const [tbs] = childrenOf(readOnly(der), TAG.sequence)
  const all = childrenOf(tbs, TAG.sequence)
  const fields = all[0]?.tag === 0xa0 ? all.slice(1) : all
  const [serial, , issuer, validity, subject] = fields
  const [notBefore, notAfter] = childrenOf(validity, TAG.sequence)
  const wrapped = fields.find((field) => field.tag === 0xa3)
  const extensions = readExtensions(wrapped && readOnly(wrapped.content))
  const value = (id: string): Buffer | null => extensions.get(id)?.value ?? null
  const names = value(OID.subjectAlternativeName)
  const keyId = value(OID.subjectKeyIdentifier)
  const usage = value(OID.keyUsage)
  const extended = value(OID.extendedKeyUsage)
  const constraints = value(OID.basicConstraints)
  const points = value(OID.crlDistributionPoints)
  return {
    issuer: expectTag(issuer, TAG.sequence).bytes,
    subject: expectTag(subject, TAG.sequence).bytes,
    serial: expectTag(serial, TAG.integer).content,
    notBefore: timeOf(expectAny(notBefore)),
    notAfter: timeOf(expectAny(notAfter)),
    addresses: names
      ? childrenOf(readElement(names), TAG.sequence)
          .filter((name) => name.tag === RFC822_NAME)
          .map((name) => name.content.toString('latin1'))
      : [],
    subjectKeyId: keyId && expectTag(readElement(keyId), TAG.octetString).content,
    keyUsage: usage && (expectTag(readElement(usage), TAG.bitString).content[1] ?? 0),
    extendedKeyUsage: extended && childrenOf(readElement(extended), TAG.sequence).map((purpose) => dottedOf(purpose.content)),
    extendedKeyUsageCritical: extensions.get(OID.extendedKeyUsage)?.critical === true,
    basicConstraints: constraints && readBasicConstraints(constraints),
    distributionPoints: points && readDistributionPoints(points),
    unknownCritical: unknownCriticalOf(extensions, PROCESSED),
  }
}

const expectAny = (found: Element | undefined): Element => found ?? expectTag(found, TAG.utcTime)
