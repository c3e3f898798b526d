/** Which signatures are understood on reading, and what their identifiers say: RSA PKCS#1 v1.5, RSA-PSS and ECDSA, with SHA-1 (old mail) to SHA-512. Pure. */
import { TAG, childrenOf, readAll } from './der.ts'
import { OID } from './oids.ts'
import { readAlgorithm } from './signed-data.ts'
import type { AlgorithmIdentifier } from './signed-data.ts'

export type DigestName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface SignatureScheme {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec'
  readonly digest: DigestName
  /** bytes, RSA-PSS only */
  readonly saltLength?: number
}

const DIGESTS: ReadonlyMap<string, DigestName> = new Map([
  [OID.sha1, 'sha1'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
])

const SIGNATURES: ReadonlyMap<string, SignatureScheme> = new Map([
  [OID.sha1WithRsa, { kind: 'rsa', digest: 'sha1' }],
  [OID.sha256WithRsa, { kind: 'rsa', digest: 'sha256' }],
  [OID.sha384WithRsa, { kind: 'rsa', digest: 'sha384' }],
  [OID.sha512WithRsa, { kind: 'rsa', digest: 'sha512' }],
  [OID.ecdsaWithSha1, { kind: 'ec', digest: 'sha1' }],
  [OID.ecdsaWithSha256, { kind: 'ec', digest: 'sha256' }],
  [OID.ecdsaWithSha384, { kind: 'ec', digest: 'sha384' }],
  [OID.ecdsaWithSha512, { kind: 'ec', digest: 'sha512' }],
])

/** RFC 4055 3.1 */
export const DEFAULT_SALT = 20

/** The digest, if it is one of ours; it has no parameters (RFC 5754 2). */
export const digestNameOf = ({ id, parameters }: AlgorithmIdentifier): DigestName | null =>
  (parameters === null && DIGESTS.get(id)) || null

/** RSASSA-PSS-params (RFC 4055 3.1). Only what every signer writes is understood: MGF1 with the digest's own hash. */
function pssScheme(algorithm: AlgorithmIdentifier): SignatureScheme | null {
  const fields = algorithm.parameters === null ? [] : childrenOf(algorithm.parameters, TAG.sequence)
  const field = (tag: number) => {
    const found = fields.find((candidate) => candidate.tag === tag)
    return found && readAll(found.content)[0]
  }
  const [hash, mask, salt] = [field(0xa0), field(0xa1), field(0xa2)]
  if (hash === undefined || mask === undefined) return null
  const digest = digestNameOf(readAlgorithm(hash))
  const generator = readAlgorithm(mask)
  if (digest === null || generator.id !== OID.mgf1 || generator.parameters === null) return null
  if (digestNameOf(readAlgorithm(generator.parameters)) !== digest) return null
  // Some signers use the longest salt that fits into the key, so two bytes of number are met.
  const number = salt?.content ?? Buffer.from([DEFAULT_SALT])
  if (number.length === 0 || number.length > 2) return null
  return { kind: 'rsa-pss', digest, saltLength: number.readUIntBE(0, number.length) }
}

/**
 * The scheme of an algorithm that says all by itself, as those of certificates and revocation lists do.
 * @returns null if it is not understood
 */
export function wholeSchemeOf(algorithm: AlgorithmIdentifier): SignatureScheme | null {
  if (algorithm.id === OID.rsaPss) return pssScheme(algorithm)
  return (algorithm.parameters === null && SIGNATURES.get(algorithm.id)) || null
}

/**
 * @param algorithm signatureAlgorithm of the signer
 * @param digest its digestAlgorithm, with which the signature's own must agree
 * @returns null if it is not understood
 */
export function signatureSchemeOf(algorithm: AlgorithmIdentifier, digest: DigestName): SignatureScheme | null {
  if (algorithm.id === OID.rsaEncryption) return algorithm.parameters === null ? { kind: 'rsa', digest } : null
  const scheme = wholeSchemeOf(algorithm)
  return scheme?.digest === digest ? scheme : null
}
