/** Reads a CMS SignedData (RFC 5652 5.1 and 5.3), detached or with its content inside, into its parts; nothing is believed here, only taken apart. */
import { CeralaccaError } from '../base/errors.ts'
import { derFromBer } from './ber.ts'
import { TAG, childrenOf, dottedOf, expectTag, readAll, readElement, readOnly } from './der.ts'
import type { Element } from './der.ts'
import { OID } from './oids.ts'

export interface AlgorithmIdentifier {
  readonly id: string
  /** null where left out or NULL */
  readonly parameters: Element | null
}

export interface SignerInfo {
  /** the signer's certificate, by issuer and serial or by its key identifier */
  readonly by: { readonly issuer: Buffer; readonly serial: Buffer } | { readonly keyId: Buffer }
  readonly digestAlgorithm: AlgorithmIdentifier
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** null where there are none */
  readonly signedAttributes: Buffer | null
  readonly signature: Buffer
}

export interface SignedData {
  /** the digests that are announced */
  readonly digestAlgorithms: AlgorithmIdentifier[]
  readonly contentType: string
  /** the content inside; null where there is none, or not as an octet string */
  readonly content: Buffer | null
  /** DER of each certificate, in the order found */
  readonly certificates: Buffer[]
  readonly signers: SignerInfo[]
}

const CONSTRUCTED_OCTET_STRING = TAG.octetString | 0x20

const unexpected = (what: string): CeralaccaError => new CeralaccaError('cms-unexpected', 'client', `the CMS is ${what}`)

export function readAlgorithm(found: Element | undefined, tag: number = TAG.sequence): AlgorithmIdentifier {
  const [id, parameters] = childrenOf(found, tag)
  return {
    id: dottedOf(expectTag(id, TAG.oid).content),
    parameters: parameters === undefined || parameters.tag === TAG.null ? null : parameters,
  }
}

/** RFC 5652 5.1 and 5.3: 1, 3, 4 or 5, by what is inside; which one exactly, signers do not agree. */
function expectVersion(found: Element | undefined): void {
  const { content } = expectTag(found, TAG.integer)
  if (content.length !== 1 || ![1, 3, 4, 5].includes(content[0] ?? 0)) throw unexpected('of an unknown version')
}

function readSignerId(sid: Element | undefined): SignerInfo['by'] {
  if (sid?.tag === 0x80) return { keyId: sid.content }
  const [issuer, serial] = childrenOf(sid, TAG.sequence)
  return { issuer: expectTag(issuer, TAG.sequence).bytes, serial: expectTag(serial, TAG.integer).content }
}

function readSigner(info: Element): SignerInfo {
  const fields = childrenOf(info, TAG.sequence)
  const [version, sid, digestAlgorithm] = fields
  expectVersion(version)
  const attributes = fields[3]?.tag === 0xa0 ? fields[3] : null
  const [signatureAlgorithm, signature] = fields.slice(attributes === null ? 3 : 4)
  return {
    by: readSignerId(sid),
    digestAlgorithm: readAlgorithm(digestAlgorithm),
    signatureAlgorithm: readAlgorithm(signatureAlgorithm),
    signedAttributes: attributes?.bytes ?? null,
    signature: expectTag(signature, TAG.octetString).content,
  }
}

/** An octet string in pieces stands in BER only: it is put together by `derFromBer`, so to DER's reader it is malformed. */
function readContent(wrapped: Element | undefined): Buffer | null {
  if (wrapped === undefined) return null
  const inside = readOnly(expectTag(wrapped, 0xa0).content)
  if (inside.tag === CONSTRUCTED_OCTET_STRING) return expectTag(inside, TAG.octetString).content
  return inside.tag === TAG.octetString ? inside.content : null
}

function readDer(der: Buffer): SignedData {
  const [type, wrapped] = childrenOf(readOnly(der), TAG.sequence)
  const id = dottedOf(expectTag(type, TAG.oid).content)
  if (id !== OID.signedData) throw unexpected(`no SignedData but ${id}`)
  const fields = childrenOf(readOnly(expectTag(wrapped, 0xa0).content), TAG.sequence)
  const [version, digests, content] = fields
  expectVersion(version)
  const [contentType, inside] = childrenOf(content, TAG.sequence)
  const certificates = fields.find((field) => field.tag === 0xa0)
  return {
    digestAlgorithms: childrenOf(digests, TAG.set).map((digest) => readAlgorithm(digest)),
    contentType: dottedOf(expectTag(contentType, TAG.oid).content),
    content: readContent(inside),
    // Other choices than a certificate (attribute certificates) are of no use here.
    certificates: certificates
      ? readAll(certificates.content).flatMap((one) => (one.tag === TAG.sequence ? [one.bytes] : []))
      : [],
    signers: childrenOf(fields.at(-1), TAG.set).map(readSigner),
  }
}

/**
 * @param cms DER, or BER with indefinite or overlong lengths
 * @throws client errors `der-malformed`, `cms-unexpected`
 */
export function readSignedData(cms: Buffer): SignedData {
  try {
    return readDer(cms)
  } catch (error) {
    if (!(error instanceof CeralaccaError) || error.code !== 'der-malformed') throw error
    return readDer(derFromBer(cms))
  }
}

/** The attributes that are read; others, such as SMIMECapabilities, may say what they like. */
const READ: ReadonlySet<string> = new Set([
  OID.contentType,
  OID.messageDigest,
  OID.signingTime,
  OID.cmsAlgorithmProtection,
  OID.signingCertificate,
  OID.signingCertificateV2,
])

/**
 * The attributes of a signer that count, by their identifier, each with its one value.
 * @returns null where one of them is there twice or has not exactly one value (RFC 5652 11)
 */
export function readAttributes(signedAttributes: Buffer): Map<string, Element> | null {
  const attributes = new Map<string, Element>()
  for (const attribute of readAll(readElement(signedAttributes).content)) {
    const [id, values] = childrenOf(attribute, TAG.sequence)
    const name = dottedOf(expectTag(id, TAG.oid).content)
    if (!READ.has(name)) continue
    const [value, ...more] = childrenOf(values, TAG.set)
    if (value === undefined || more.length > 0 || attributes.has(name)) return null
    attributes.set(name, value)
  }
  return attributes
}
