/** Encrypts secrets that must be read again (AES-256-GCM), with a key that is not where they are kept. Pure but for chance. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { CeralaccaError } from '../../base/errors.ts'

export interface SecretBox {
  /** @param purpose what it is for and whose: it opens for that alone */
  seal(secret: Buffer, purpose: string): Buffer
  /** @throws `secret-unreadable` (permanent): another key, another purpose, or damaged */
  open(sealed: Buffer, purpose: string): Buffer
}

const NONCE = 12
const TAG = 16

/** @param key 32 bytes */
export function createSecretBox(key: Buffer): SecretBox {
  return {
    seal(secret, purpose) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, purpose) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(-TAG))
        return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()])
      } catch (cause) {
        throw new CeralaccaError('secret-unreadable', 'permanent', `A stored secret cannot be read with this key: ${purpose}`, {
          cause,
        })
      }
    },
  }
}
