/** For tests: the client's side of SCRAM-SHA-256 (RFC 5802 3), written apart from the server's. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export interface ScramQuestion {
  readonly salt: Buffer
  readonly iterations: number
}

/** The proof that a client sends, and the signature that it expects. */
export function scramClient(password: string, { salt, iterations }: ScramQuestion, authMessage: string) {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(createHash('sha256').update(clientKey).digest(), authMessage)
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
  return { proof, signature: hmac(hmac(salted, 'Server Key'), authMessage) }
}
