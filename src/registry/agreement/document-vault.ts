/** Encrypts identity documents: AES-256-GCM with a key that is never in the database, each bound to its place there. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { CeralaccaError } from '../../base/errors.ts'

export interface Sealed {
  /** tells which key it is, and nothing of it */
  readonly keyId: string
  readonly nonce: Buffer
  /** with the tag at its end */
  readonly sealed: Buffer
}

export interface Vault {
  /** @param place what the bytes belong to: they open nowhere else */
  seal(place: string, bytes: Buffer): Sealed
  /** @throws `document-key` (another key), `document-damaged` */
  open(place: string, sealed: Sealed): Buffer
}

const CIPHER = 'aes-256-gcm'
const TAG = 16

/** @param readKey answers 32 bytes; asked when first needed */
export function createVault(readKey: () => Buffer): Vault {
  let known: { key: Buffer; keyId: string } | undefined
  const own = () => {
    const key = readKey()
    return (known ??= { key, keyId: createHash('sha256').update('document key ').update(key).digest('hex').slice(0, 16) })
  }
  return {
    seal(place, bytes) {
      const { key, keyId } = known ?? own()
      const nonce = randomBytes(12)
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place))
      return { keyId, nonce, sealed: Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]) }
    },
    open(place, { keyId, nonce, sealed }) {
      const mine = known ?? own()
      if (keyId !== mine.keyId)
        throw new CeralaccaError(
          'document-key',
          'permanent',
          `The document was encrypted with another key (${keyId}, not ${mine.keyId})`,
        )
      const decipher = createDecipheriv(CIPHER, mine.key, nonce).setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-TAG))
      try {
        return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()])
      } catch (error) {
        throw new CeralaccaError('document-damaged', 'permanent', 'The stored document was changed, or is of another place', {
          cause: error,
        })
      }
    },
  }
}
