/**
 * The keys of SCRAM-SHA-256 (RFC 5802 3, RFC 7677): what a server keeps of a password so that it can check a proof without ever seeing the
 * password, and prove in turn that it knows it. Pure.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { CeralaccaError } from '../base/errors.ts'

export interface ScramKeys {
  readonly salt: Buffer
  readonly iterations: number
  /** 32 bytes each */
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/**
 * How often the hash is repeated: the client pays it at each login, the server once for each password. RFC 7677 4 asks for at least 4096, and
 * for a tenth of a second where that can be borne, which this comes near to; Cyrus SASL computes no more. With another number a mailbox whose
 * keys are older could be told from a name that nobody has.
 */
export const SCRAM_ITERATIONS = 65_536

export const KEY_BYTES = 32

const NAME = 'SCRAM-SHA-256'
const repeat = promisify(pbkdf2)

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

/** @param prepared the password after SASLprep */
export async function deriveScramKeys(prepared: string, salt: Buffer, iterations = SCRAM_ITERATIONS): Promise<ScramKeys> {
  const salted = await repeat(prepared, salt, iterations, KEY_BYTES, 'sha256')
  return { salt, iterations, storedKey: sha256(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') }
}

/**
 * The server's signature if the proof shows the password, else undefined.
 * @param authMessage what both have said (RFC 5802 3)
 * @param proof as many bytes as a key
 */
export function checkProof({ storedKey, serverKey }: ScramKeys, authMessage: string, proof: Buffer): Buffer | undefined {
  const clientSignature = hmac(storedKey, authMessage)
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (clientSignature[index] ?? 0)))
  const signature = hmac(serverKey, authMessage)
  return timingSafeEqual(sha256(clientKey), storedKey) ? signature : undefined
}

/** The text that is stored, as PostgreSQL keeps its own. */
export const formatScramKeys = ({ salt, iterations, storedKey, serverKey }: ScramKeys): string =>
  `${NAME}$${iterations}:${salt.toString('base64')}$${storedKey.toString('base64')}:${serverKey.toString('base64')}`

const FORMAT = /^SCRAM-SHA-256\$([1-9]\d*):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/

/** @throws `bad-scram-keys`, a bug */
export function parseScramKeys(text: string): ScramKeys {
  const [, iterations, ...parts] = FORMAT.exec(text) ?? []
  const [salt, storedKey, serverKey] = parts.map((part) => Buffer.from(part, 'base64'))
  if (!salt || storedKey?.length !== KEY_BYTES || serverKey?.length !== KEY_BYTES)
    throw new CeralaccaError('bad-scram-keys', 'bug', 'stored SCRAM keys cannot be read')
  return { salt, iterations: Number(iterations), storedKey, serverKey }
}
