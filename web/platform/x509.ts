/** A certificate with the two questions that are left to OpenSSL on the server: whether another one has issued it, and signed it. */
import { readCertificate, KEY_USAGE, type CertificateFields } from '../../src/seal/certificate.ts'
import { TAG, childrenOf, expectTag, readAll, readElement, readOnly, type Element } from '../../src/seal/der.ts'
import { readExtensions } from '../../src/seal/extensions.ts'
import { OID } from '../../src/seal/oids.ts'
import { DEFAULT_SALT, wholeSchemeOf } from '../../src/seal/signature-scheme.ts'
import { readAlgorithm } from '../../src/seal/signed-data.ts'
import { Buffer } from './buffer.ts'
import { readPublicKey, type KeyObject } from './key-object.ts'
import { askSignature, tellUnable } from './signatures.ts'

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/

/** What is in an authorityKeyIdentifier (RFC 5280 4.2.1.1): each null where it is left out. */
interface AuthorityKeyId {
  readonly keyId: Buffer | null
  /** DER of the directory names among those of the issuer's issuer */
  readonly names: readonly Buffer[] | null
  readonly serial: Buffer | null
}

const DIRECTORY_NAME = 0xa4

function readAuthorityKeyId(value: Buffer): AuthorityKeyId {
  const fields = childrenOf(readElement(value), TAG.sequence)
  const field = (tag: number): Element | undefined => fields.find((one) => one.tag === tag)
  const names = field(0xa1)
  return {
    keyId: field(0x80)?.content ?? null,
    names: names ? readAll(names.content).flatMap(({ tag, content }) => (tag === DIRECTORY_NAME ? [content] : [])) : null,
    serial: field(0x82)?.content ?? null,
  }
}

export class X509Certificate {
  /** DER */
  readonly raw: Buffer
  readonly publicKey: KeyObject
  readonly fields: CertificateFields
  readonly #tbs: Element
  readonly #algorithm: Element
  /** null where it is said to end within a byte, as no signature does and OpenSSL takes none */
  readonly #signature: Buffer | null
  readonly #innerAlgorithm: Buffer
  readonly #authorityKeyId: AuthorityKeyId | null

  /**
   * @param from DER or PEM
   * @throws client error `der-malformed`
   */
  constructor(from: Uint8Array | string) {
    this.raw = typeof from === 'string' ? Buffer.from(PEM_CERTIFICATE.exec(from)?.[1] ?? '', 'base64') : Buffer.from(from)
    this.fields = readCertificate(this.raw)
    const [tbs, algorithm, signature] = childrenOf(readOnly(this.raw), TAG.sequence)
    this.#tbs = expectTag(tbs, TAG.sequence)
    this.#algorithm = expectTag(algorithm, TAG.sequence)
    const bits = expectTag(signature, TAG.bitString).content
    this.#signature = bits[0] === 0 ? bits.subarray(1) : null
    const all = childrenOf(tbs, TAG.sequence)
    const fields = all[0]?.tag === 0xa0 ? all.slice(1) : all
    this.#innerAlgorithm = expectTag(fields[1], TAG.sequence).bytes
    this.publicKey = readPublicKey(expectTag(fields[5], TAG.sequence))
    const wrapped = fields.find((field) => field.tag === 0xa3)
    const keyId = readExtensions(wrapped && readOnly(wrapped.content)).get(OID.authorityKeyIdentifier)
    this.#authorityKeyId = keyId ? readAuthorityKeyId(keyId.value) : null
  }

  /** As OpenSSL's X509_check_issued: names, key identifiers, and whether the issuer may sign certificates. No signature is looked at. */
  checkIssued({ fields }: X509Certificate): boolean {
    if (!this.fields.issuer.equals(fields.subject)) return false
    if (fields.keyUsage !== null && (fields.keyUsage & KEY_USAGE.keyCertSign) === 0) return false
    const { keyId, names, serial } = this.#authorityKeyId ?? { keyId: null, names: null, serial: null }
    if (keyId && fields.subjectKeyId && !keyId.equals(fields.subjectKeyId)) return false
    if (serial && !serial.equals(fields.serial)) return false
    const [name] = names ?? []
    return name === undefined || name.equals(fields.issuer)
  }

  verify(key: KeyObject): boolean {
    if (!this.#signature || !this.#innerAlgorithm.equals(this.#algorithm.bytes)) return false
    const scheme = wholeSchemeOf(readAlgorithm(this.#algorithm))
    if (!scheme) return tellUnable('the signature of a certificate is of a kind that browsers do not know')
    const fits = scheme.kind === key.asymmetricKeyType || (scheme.kind === 'rsa-pss' && key.asymmetricKeyType === 'rsa')
    if (!fits) return false
    const saltLength = scheme.kind === 'rsa-pss' ? (scheme.saltLength ?? DEFAULT_SALT) : null
    return askSignature({ digest: scheme.digest, data: this.#tbs.bytes, key, saltLength, signature: this.#signature })
  }

  toString(): string {
    const lines = this.raw.toString('base64').match(/.{1,64}/g) ?? []
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
  }
}
