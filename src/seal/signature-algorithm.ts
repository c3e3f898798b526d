/** Whether a signature of an understood scheme (signature-scheme.ts) was made with a key. */
import { constants, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { DEFAULT_SALT } from './signature-scheme.ts'
import type { SignatureScheme } from './signature-scheme.ts'

/** Keys that were still in use when certified mail began; anything below proves nothing. */
const LEAST_RSA_BITS_READ = 1024

function verifyWith(scheme: SignatureScheme, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  const type = key.asymmetricKeyType
  if (scheme.kind === 'ec') return type === 'ec' && verify(scheme.digest, data, key, signature)
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS_READ) return false
  if (scheme.kind === 'rsa') return type === 'rsa' && verify(scheme.digest, data, key, signature)
  if (type !== 'rsa' && type !== 'rsa-pss') return false
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength ?? DEFAULT_SALT }
  return verify(scheme.digest, data, pss, signature)
}

/** Whether `signature` over `data` was made with that key; false also where key and scheme do not fit. */
export function signatureHolds(scheme: SignatureScheme, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verifyWith(scheme, data, key, signature)
  } catch {
    // OpenSSL refuses to try at all: a key restricted to other parameters, a salt longer than the key. It proves nothing, so it fails.
    return false
  }
}
