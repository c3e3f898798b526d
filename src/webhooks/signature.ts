/** Signatures of what is sent: Standard Webhooks 1.0.0, `v1` (HMAC-SHA256). Pure but for chance. */
import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** A secret as its owner is shown it. */
export const writtenSecret = (secret: Buffer): string => `${PREFIX}${secret.toString('base64')}`

export const newSecret = (): Buffer => randomBytes(SECRET_BYTES)

/**
 * The headers of one attempt. @param id of the event, the same at each attempt @param at milliseconds since 1970
 * @param secrets each of which signs: the new one, and for a while the one before
 */
export function signedHeaders(id: string, at: number, body: string, secrets: readonly Buffer[]): Record<string, string> {
  const seconds = Math.floor(at / 1000)
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') }
}
