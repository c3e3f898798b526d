/** One signature, by WebCrypto. */
import { sha256 } from '@noble/hashes/sha2.js'
import { TAG, childrenOf, expectTag, readOnly } from '../../src/seal/der.ts'
import { CeralaccaError } from '../../src/base/errors.ts'
import { Buffer } from './buffer.ts'
import type { KeyObject } from './key-object.ts'

export interface Question {
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly data: Uint8Array
  readonly key: KeyObject
  /** bytes; null for all but RSA-PSS */
  readonly saltLength: number | null
  readonly signature: Uint8Array
}

const NAMES = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const

/** One text for one question. */
export function keyedBy({ digest, data, key, saltLength, signature }: Question): string {
  const parts = [data, key.spki, signature].map((bytes) => Buffer.from(sha256(bytes)).toString('hex'))
  return [digest, saltLength, ...parts].join(' ')
}

/** The two numbers of an ECDSA signature (RFC 3279 2.2.3) as WebCrypto wants them, each as long as a coordinate; null where it is none. */
function plainSignature(der: Buffer, bytes: number): Buffer | null {
  try {
    const numbers = childrenOf(readOnly(der), TAG.sequence).map((one) => expectTag(one, TAG.integer).content)
    if (numbers.length !== 2) return null
    const padded = numbers.map((number) => {
      const digits = number.subarray(number[0] === 0 ? 1 : 0)
      return digits.length > bytes ? null : Buffer.concat([Buffer.alloc(bytes - digits.length), digits])
    })
    const [r, s] = padded
    return r && s ? Buffer.concat([r, s]) : null
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return null
    throw error
  }
}

/** How the key is imported and used, and the signature in the form that goes with it; null where browsers do not know the key. */
function wayOf({ digest, key, saltLength, signature }: Question) {
  const hash = NAMES[digest]
  if (key.asymmetricKeyType === 'ec' && key.curve) {
    const { name, bytes } = key.curve
    const plain = plainSignature(Buffer.from(signature), bytes)
    return { imported: { name: 'ECDSA', namedCurve: name }, used: { name: 'ECDSA', hash }, plain }
  }
  if (key.asymmetricKeyType !== 'rsa') return null
  const plain = Buffer.from(signature)
  const name = saltLength === null ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS'
  return { imported: { name, hash }, used: saltLength === null ? { name } : { name, saltLength }, plain }
}

/** @returns null where this browser cannot tell */
export async function verifyByWebCrypto(question: Question): Promise<boolean | null> {
  const way = wayOf(question)
  if (!way) return null
  if (!way.plain) return false
  try {
    const key = await crypto.subtle.importKey('spki', Buffer.from(question.key.spki), way.imported, false, ['verify'])
    return await crypto.subtle.verify(way.used, key, way.plain, Buffer.from(question.data))
  } catch (error) {
    // A key that the browser does not take: it cannot tell, whatever the reason.
    if (error instanceof DOMException) return null
    throw error
  }
}
