/**
 * What verifying asks of `node:crypto`, in a browser: the build and the type check of web/ put this module in its place. Digests are computed
 * at once; signatures are asked of WebCrypto, which takes its time (signatures.ts).
 */
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { Buffer } from './buffer.ts'
import { askSignature, PSS_PADDING } from './signatures.ts'
import type { KeyObject } from './key-object.ts'

export type { KeyObject } from './key-object.ts'
export { X509Certificate } from './x509.ts'

const DIGESTS = { sha1, sha256, sha384, sha512 } as const
export type DigestName = keyof typeof DIGESTS

/** @param data bytes, or a text in UTF-8 */
export function hash(name: DigestName, data: string | Uint8Array, encoding?: 'hex'): string
export function hash(name: DigestName, data: string | Uint8Array, encoding: 'buffer'): Buffer
export function hash(name: DigestName, data: string | Uint8Array, encoding: 'hex' | 'buffer' = 'hex'): string | Buffer {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  const digest = Buffer.from(DIGESTS[name](bytes))
  return encoding === 'hex' ? digest.toString('hex') : digest
}

export const constants = { RSA_PKCS1_PSS_PADDING: PSS_PADDING } as const

interface PssKey {
  readonly key: KeyObject
  readonly padding: number
  readonly saltLength: number
}

export function verify(digest: DigestName, data: Uint8Array, key: KeyObject | PssKey, signature: Uint8Array): boolean {
  const saltLength = 'saltLength' in key ? key.saltLength : null
  return askSignature({ digest, data, key: 'saltLength' in key ? key.key : key, saltLength, signature })
}
