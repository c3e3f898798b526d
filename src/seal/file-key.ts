/** The seal key in a PEM file: the installation without a hardware module. The key's bytes stay inside the KeyObject (I9). */
import { createPrivateKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'

/** RSASSA-PKCS1-v1_5 with SHA-256 over `data`. A key in a file and a key in a PKCS#11 token look alike behind it. */
export type SignFunction = (data: Buffer) => Promise<Buffer>

/** RFC 6109 asks for RSA; below 2048 bits nobody accepts a seal any more (docs/reference/formats.md) */
export const LEAST_RSA_BITS = 2048

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (cause) {
    throw new CeralaccaError(
      'seal-key-unreadable',
      'permanent',
      'the seal key is no PEM private key, or its passphrase is wrong',
      {
        cause,
      },
    )
  }
}

/**
 * Opens a private key and answers the function that signs with it, on the thread pool.
 * @param pem PKCS#8 or PKCS#1, encrypted if a passphrase is given
 * @throws permanent error `seal-key-unreadable` or `seal-key-unfit` (not RSA, or below 2048 bits)
 */
export function openFileKey(pem: string, passphrase?: string): SignFunction {
  const key = readKey(pem, passphrase)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType !== 'rsa' || bits < LEAST_RSA_BITS) {
    throw new CeralaccaError('seal-key-unfit', 'permanent', `the seal key must be RSA of at least ${LEAST_RSA_BITS} bits`)
  }
  return (data) =>
    new Promise((resolve, reject) => {
      sign('sha256', data, key, (error, signature) => {
        if (error) reject(error)
        else resolve(signature)
      })
    })
}
