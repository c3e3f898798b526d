/** A public key as a certificate has it (SubjectPublicKeyInfo, RFC 5280 4.1.2.7), with what Node's KeyObject says of it. */
import { TAG, childrenOf, dottedOf, expectTag, readOnly, type Element } from '../../src/seal/der.ts'
import { OID } from '../../src/seal/oids.ts'
import type { Buffer } from './buffer.ts'

/** RFC 5480 2.1.1.1, by the names of WebCrypto, with the length of a coordinate in bytes. */
const CURVES: ReadonlyMap<string, { readonly name: string; readonly bytes: number }> = new Map([
  ['1.2.840.10045.3.1.7', { name: 'P-256', bytes: 32 }],
  ['1.3.132.0.34', { name: 'P-384', bytes: 48 }],
  ['1.3.132.0.35', { name: 'P-521', bytes: 66 }],
])

const TYPES: ReadonlyMap<string, string> = new Map([
  [OID.rsaEncryption, 'rsa'],
  [OID.rsaPss, 'rsa-pss'],
  [OID.ecPublicKey, 'ec'],
])

export interface KeyObject {
  /** DER */
  readonly spki: Buffer
  /** undefined for one of another kind */
  readonly asymmetricKeyType: string | undefined
  readonly asymmetricKeyDetails: { readonly modulusLength?: number }
  /** null where it is on none that browsers know */
  readonly curve: { readonly name: string; readonly bytes: number } | null
}

/** The bits of the modulus of an RSAPublicKey (RFC 8017 A.1.1). */
function modulusLength(bits: Buffer): number {
  const [modulus] = childrenOf(readOnly(bits.subarray(1)), TAG.sequence)
  const { content } = expectTag(modulus, TAG.integer)
  const start = content.findIndex((byte) => byte !== 0)
  return start < 0 ? 0 : (content.length - start) * 8 - Math.clz32(content[start] ?? 0) + 24
}

/** @throws client error `der-malformed` */
export function readPublicKey(spki: Element): KeyObject {
  const [algorithm, key] = childrenOf(spki, TAG.sequence)
  const [id, parameters] = childrenOf(algorithm, TAG.sequence)
  const bits = expectTag(key, TAG.bitString).content
  const type = TYPES.get(dottedOf(expectTag(id, TAG.oid).content))
  const curve = type === 'ec' && parameters?.tag === TAG.oid ? CURVES.get(dottedOf(parameters.content)) : undefined
  return {
    spki: spki.bytes,
    asymmetricKeyType: type,
    asymmetricKeyDetails: type === 'rsa' || type === 'rsa-pss' ? { modulusLength: modulusLength(bits) } : {},
    curve: curve ?? null,
  }
}
