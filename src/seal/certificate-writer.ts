/**
 * Writes X.509 certificates (RFC 5280 4.1) signed with RSA and SHA-256, for the test authority. `openssl` is the judge of what it writes.
 */
import { createHash, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import {
  TAG,
  childrenOf,
  element,
  nullValue,
  objectIdentifier,
  octetString,
  readOnly,
  sequence,
  smallInteger,
  timeElement,
} from './der.ts'
import { OID } from './oids.ts'

/** Country (two letters), organisation and common name: the attributes of RFC 6109 5.5.1. */
export interface DistinguishedName {
  readonly country: string
  readonly organization: string
  readonly commonName: string
}

export interface Extension {
  readonly id: string
  readonly critical?: boolean
  /** DER */
  readonly value: Buffer
}

export interface CertificateRequest {
  readonly subject: DistinguishedName
  /** DER of the subjectPublicKeyInfo */
  readonly publicKey: Buffer
  /** milliseconds since 1970 */
  readonly notBefore: number
  readonly notAfter: number
  readonly extensions: readonly Extension[]
}

export interface Issuer {
  /** DER of its name */
  readonly name: Buffer
  /** RSA private key */
  readonly key: KeyObject
}

const PRINTABLE_STRING = 0x13
const UTF8_STRING = 0x0c
const TRUE = element(TAG.boolean, Buffer.from([0xff]))

const nameAttribute = (id: string, tag: number, text: string): Buffer =>
  element(TAG.set, sequence(objectIdentifier(id), element(tag, Buffer.from(text, 'utf8'))))

/** RFC 5280 4.1.2.4 */
export const nameDer = (name: DistinguishedName): Buffer =>
  sequence(
    nameAttribute(OID.countryName, PRINTABLE_STRING, name.country),
    nameAttribute(OID.organizationName, UTF8_STRING, name.organization),
    nameAttribute(OID.commonName, UTF8_STRING, name.commonName),
  )

/** RFC 5280 4.2.1.2 (1): SHA-1 of the key's bits. */
export function keyIdentifier(publicKey: Buffer): Buffer {
  const [, bits] = childrenOf(readOnly(publicKey), TAG.sequence)
  return createHash('sha1')
    .update(bits?.content.subarray(1) ?? publicKey)
    .digest()
}

/** RFC 5280 4.2.1: the extensions that are used, in the words of the RFC. */
export const extension = {
  subjectKeyIdentifier: (id: Buffer): Extension => ({ id: OID.subjectKeyIdentifier, value: octetString(id) }),
  authorityKeyIdentifier: (id: Buffer): Extension => ({ id: OID.authorityKeyIdentifier, value: sequence(element(0x80, id)) }),
  basicConstraintsCa: (): Extension => ({ id: OID.basicConstraints, critical: true, value: sequence(TRUE) }),
  /** @param bits the first eight bits, digitalSignature first */
  keyUsage: (bits: number): Extension => {
    const unused = 31 - Math.clz32(bits & -bits)
    return { id: OID.keyUsage, critical: true, value: element(TAG.bitString, Buffer.from([unused, bits])) }
  },
  extendedKeyUsage: (...purposes: string[]): Extension => ({
    id: OID.extendedKeyUsage,
    value: sequence(...purposes.map(objectIdentifier)),
  }),
  rfc822Name: (address: string): Extension => ({
    id: OID.subjectAlternativeName,
    value: sequence(element(0x81, Buffer.from(address, 'latin1'))),
  }),
  /** @param number below 2^39 */
  crlNumber: (number: number): Extension => {
    const octets = Buffer.alloc(5)
    octets.writeUIntBE(number, 0, octets.length)
    const first = octets.findIndex((octet) => octet !== 0)
    const shortest = octets.subarray(first === -1 ? 4 : (octets[first] ?? 0) < 0x80 ? first : first - 1)
    return { id: OID.crlNumber, value: element(TAG.integer, shortest) }
  },
  /** @param points the URLs of each distribution point, all of which name one list */
  crlDistributionPoints: (...points: (readonly string[])[]): Extension => {
    const uris = (urls: readonly string[]) => urls.map((url) => element(0x86, Buffer.from(url, 'latin1')))
    const value = sequence(...points.map((urls) => sequence(element(0xa0, element(0xa0, ...uris(urls))))))
    return { id: OID.crlDistributionPoints, value }
  },
  /** dNSName or iPAddress of each */
  hostNames: (names: readonly string[]): Extension => ({
    id: OID.subjectAlternativeName,
    value: sequence(
      ...names.map((name) => (isIP(name) === 0 ? element(0x82, Buffer.from(name, 'latin1')) : element(0x87, addressBytes(name)))),
    ),
  }),
}

/** The 16-bit groups of a part of an IPv6 address. */
const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))

/** The 4 or 16 bytes of an IP address. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes every form of an IPv6 address in the same way: groups of hexadecimal digits, and at most one "::".
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

/** A positive serial number of 16 random bytes (RFC 5280 4.1.2.2). */
function randomSerial(): Buffer {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  return element(TAG.integer, serial)
}

const signRsa = (data: Buffer, key: KeyObject): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature)
    })
  })

/** RFC 5280 4.1.1.2 */
export const SIGNATURE_ALGORITHM = sequence(objectIdentifier(OID.sha256WithRsa), nullValue())

/** SEQUENCE OF extensions. */
export const extensionsDer = (extensions: readonly Extension[]): Buffer =>
  sequence(
    ...extensions.map(({ id, critical, value }) =>
      sequence(objectIdentifier(id), ...(critical === true ? [TRUE] : []), octetString(value)),
    ),
  )

/** What is signed, with algorithm and signature after it: a certificate or a revocation list. */
export async function signDer(body: Buffer, key: KeyObject): Promise<Buffer> {
  const signature = await signRsa(body, key)
  return sequence(body, SIGNATURE_ALGORITHM, element(TAG.bitString, Buffer.from([0]), signature))
}

/** @returns DER of the certificate */
export function writeCertificate(request: CertificateRequest, issuer: Issuer): Promise<Buffer> {
  const body = sequence(
    element(0xa0, smallInteger(2)),
    randomSerial(),
    SIGNATURE_ALGORITHM,
    issuer.name,
    sequence(timeElement(request.notBefore), timeElement(request.notAfter)),
    nameDer(request.subject),
    request.publicKey,
    element(0xa3, extensionsDer(request.extensions)),
  )
  return signDer(body, issuer.key)
}
