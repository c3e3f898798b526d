/** The seal key in a PEM file: the installation without a hardware module. The key's bytes stay inside the KeyObject (I9). */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { LEAST_RSA_BITS, type SealKey } from './key-store.ts'

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (cause) {
    const message = 'the seal key is no PEM private key, or its passphrase is wrong'
    throw new CeralaccaError('seal-key-unreadable', 'permanent', message, { cause })
  }
}

/**
 * Opens a private key, which signs on the thread pool.
 * @param pem PKCS#8 or PKCS#1, encrypted if a passphrase is given
 * @throws permanent error `seal-key-unreadable` or `seal-key-unfit` (not RSA, or below 2048 bits)
 */
export function openFileKey(pem: string, passphrase?: string): SealKey {
  const key = readKey(pem, passphrase)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < LEAST_RSA_BITS) {
    throw new CeralaccaError('seal-key-unfit', 'permanent', `the seal key must be RSA of at least ${LEAST_RSA_BITS} bits`)
  }
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    sign: (data) =>
      new Promise((resolve, reject) => {
        sign('sha256', data, key, (error, signature) => {
          if (error) reject(error)
          else resolve(signature)
        })
      }),
  }
}
