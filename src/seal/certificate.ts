/**
 * What sealing and verifying ask of an X.509 certificate (RFC 5280 4.1), read from its DER: names and serial as they stand, validity,
 * addresses, and the extensions that say what its key may do. Signatures are not looked at here.
 */
import { TAG, childrenOf, dottedOf, expectTag, readElement, readOnly, timeOf } from './der.ts'
import type { Element } from './der.ts'
import { OID } from './oids.ts'

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
  /** null where there is no such extension; `pathLength` null where not limited */
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  /** a critical extension that we do not process: the certificate must not be trusted (RFC 5280 4.2) */
  readonly unknownCritical: string | null
}

/** keyUsage bits (RFC 5280 4.2.1.3) */
export const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40 } as const

const PROCESSED = new Set<string>([
  OID.subjectKeyIdentifier,
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.certificatePolicies,
  OID.extendedKeyUsage,
])
const RFC822_NAME = 0x81

interface Extension {
  readonly critical: boolean
  readonly value: Buffer
}

function readExtensions(field: Element | undefined): Map<string, Extension> {
  const extensions = new Map<string, Extension>()
  if (field === undefined) return extensions
  for (const extension of childrenOf(readOnly(field.content), TAG.sequence)) {
    const [id, ...rest] = childrenOf(extension, TAG.sequence)
    const critical = rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0
    extensions.set(dottedOf(expectTag(id, TAG.oid).content), { critical, value: expectTag(rest.at(-1), TAG.octetString).content })
  }
  return extensions
}

function readBasicConstraints(value: Buffer): { ca: boolean; pathLength: number | null } {
  const fields = childrenOf(readElement(value), TAG.sequence)
  const limit = fields.find((field) => field.tag === TAG.integer)
  const ca = fields[0]?.tag === TAG.boolean && fields[0].content[0] !== 0
  return { ca, pathLength: limit?.content.length === 1 ? (limit.content[0] ?? 0) : null }
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
  const extensions = readExtensions(fields.find((field) => field.tag === 0xa3))
  const value = (id: string): Buffer | null => extensions.get(id)?.value ?? null
  const names = value(OID.subjectAlternativeName)
  const keyId = value(OID.subjectKeyIdentifier)
  const usage = value(OID.keyUsage)
  const extended = value(OID.extendedKeyUsage)
  const constraints = value(OID.basicConstraints)
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
    basicConstraints: constraints && readBasicConstraints(constraints),
    unknownCritical: [...extensions].find(([id, { critical }]) => critical && !PROCESSED.has(id))?.[0] ?? null,
  }
}

const expectAny = (found: Element | undefined): Element => found ?? expectTag(found, TAG.utcTime)
