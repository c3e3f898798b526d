/**
 * The profile of the certificates under which providers seal (RFC 6109 5.5): what in one is not as the profile asks. It is asked of the own
 * certificate at the start, for the operator to see; other providers' certificates are taken more liberally (verify.ts).
 */
import { X509Certificate } from 'node:crypto'
import { readCertificate, KEY_USAGE } from './certificate.ts'
import { TAG, childrenOf, readElement, readOnly } from './der.ts'
import { readExtensions, type ExtensionValue } from './extensions.ts'
import { OID } from './oids.ts'

/** keyIdentifier of an authorityKeyIdentifier (RFC 5280 4.2.1.1) */
const KEY_IDENTIFIER = 0x80

/**
 * @param der the certificate
 * @param providerName as published in the directory
 * @returns a sentence for each deviation, none if it has the profile
 * @throws client error `der-malformed`
 */
export function profileProblems(der: Buffer, providerName: string): string[] {
  return [...subjectProblems(der, providerName), ...extensionProblems(der)]
}

/** RFC 6109 5.5.1 */
function subjectProblems(der: Buffer, providerName: string): string[] {
  const { subject } = new X509Certificate(der).toLegacyObject()
  const names = [subject.O, subject.CN].flat()
  const inSubject = Object.keys(subject).some((name) => name.toLowerCase() === 'emailaddress')
  return [
    ...(names.includes(providerName) ? [] : [`neither O nor CN of its subject is "${providerName}" (RFC 6109 5.5.1)`]),
    ...(inSubject ? ['there is a mail address in its subject, where none should be (RFC 6109 5.5.1)'] : []),
  ]
}

/** RFC 6109 5.5.2 */
function extensionProblems(der: Buffer): string[] {
  const { addresses, keyUsage } = readCertificate(der)
  const extensions = extensionsOf(der)
  const wanted: readonly [name: string, present: boolean, id: string, critical: boolean][] = [
    ['keyUsage with digitalSignature', ((keyUsage ?? 0) & KEY_USAGE.digitalSignature) !== 0, OID.keyUsage, true],
    ['authorityKeyIdentifier with keyIdentifier', hasAuthorityKeyId(extensions), OID.authorityKeyIdentifier, false],
    ['subjectKeyIdentifier', extensions.has(OID.subjectKeyIdentifier), OID.subjectKeyIdentifier, false],
    ['subjectAltName with a mail address', addresses.length > 0, OID.subjectAlternativeName, false],
  ]
  const known = new Set<string>([...wanted.map(([, , id]) => id), OID.basicConstraints])
  const others = [...extensions].filter(([id, { critical }]) => critical && !known.has(id))
  return [
    ...wanted.flatMap(([name, present, id, critical]) => {
      if (!present) return [`it has no ${name} (RFC 6109 5.5.2)`]
      return extensions.get(id)?.critical === critical ? [] : [`${name} is ${critical ? 'not ' : ''}critical (RFC 6109 5.5.2)`]
    }),
    ...(extensions.has(OID.basicConstraints) ? ['it has basicConstraints (RFC 6109 5.5.2)'] : []),
    ...others.map(([id]) => `its extension ${id} is critical (RFC 6109 5.5.2)`),
  ]
}

function extensionsOf(der: Buffer): Map<string, ExtensionValue> {
  const [tbs] = childrenOf(readOnly(der), TAG.sequence)
  const wrapped = childrenOf(tbs, TAG.sequence).find(({ tag }) => tag === 0xa3)
  return readExtensions(wrapped && readOnly(wrapped.content))
}

function hasAuthorityKeyId(extensions: ReadonlyMap<string, ExtensionValue>): boolean {
  const value = extensions.get(OID.authorityKeyIdentifier)?.value
  return value !== undefined && childrenOf(readElement(value), TAG.sequence).some(({ tag }) => tag === KEY_IDENTIFIER)
}
