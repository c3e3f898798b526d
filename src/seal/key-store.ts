/**
 * Where seal keys lie: a folder of files (file-key-store.ts) or a PKCS#11 token (token-key-store.ts). Both keep the same contract
 * (key-store.contract.ts), so whoever seals knows no difference. A private key never leaves its store (I9).
 */
import { clientError } from '../base/errors.ts'

/** RSASSA-PKCS1-v1_5 with SHA-256 over `data`. A key in a file and a key in a PKCS#11 token look alike behind it. */
export type SignFunction = (data: Buffer) => Promise<Buffer>

export interface SealKey {
  /** DER of the subjectPublicKeyInfo */
  readonly publicKey: Buffer
  readonly sign: SignFunction
}

export interface KeyStore {
  /**
   * Opens a key. Signing may go on in parallel.
   * @throws permanent errors `seal-key-missing`, `seal-key-unreadable`, `seal-key-unfit`; what a token cannot do now is temporary
   */
  open(name: string): Promise<SealKey>
  /**
   * Makes a new RSA key.
   * @throws client errors `key-exists`, which leaves the old one alone, and `bad-key-name`
   */
  create(name: string, bits: number): Promise<SealKey>
  /** Lets go of what it holds. Keys of this store sign no more. */
  close(): Promise<void>
}

/** RFC 6109 asks for RSA; below 2048 bits nobody accepts a seal any more (docs/reference/formats.md) */
export const LEAST_RSA_BITS = 2048

/** A name is a part of a file's name, and a label in a token. @throws `bad-key-name` */
export function checkKeyName(name: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) return
  throw clientError('bad-key-name', `"${name}" is no name for a key: small letters, digits, "-" and "_", at most 63`)
}

export const keyExists = (name: string): Error => clientError('key-exists', `there is a key "${name}" already`)
