/** One-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who has lost it. Pure but for chance. */
import { createHash, randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

const SECRET_BYTES = 20
const PERIOD_S = 30

export const newTotpSecret = (): Buffer => Buffer.from(new Secret({ size: SECRET_BYTES }).buffer)

const totpOf = (secret: Buffer, issuer = '', label = ''): TOTP =>
  new TOTP({ issuer, label, period: PERIOD_S, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) })

/** What the app is given: as a link (also to be shown as a QR code), and to be typed. */
export function totpEnrolment(secret: Buffer, issuer: string, label: string): { uri: string; secret: string } {
  const totp = totpOf(secret, issuer, label)
  return { uri: totp.toString(), secret: totp.secret.base32 }
}

/**
 * The step of time that a code is of, one before or after now; null where it is wrong, or of a step that is not after the last one that
 * was used (RFC 6238 5.2: a code counts once).
 */
export function stepOfCode(secret: Buffer, code: string, { now, last }: { now: number; last: number }): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: 1 })
  if (delta === null) return null
  const step = Math.floor(now / 1000 / PERIOD_S) + delta
  return step > last ? step : null
}

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
export const RECOVERY_CODES = 10

/** Ten codes of 79 random bits, each of which stands for the second factor once. */
export function newRecoveryCodes(): string[] {
  const group = (): string => Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: RECOVERY_CODES }, () => [group(), group(), group(), group()].join('-'))
}

/** Nobody guesses one, so a fast hash is enough. */
export const recoveryHash = (code: string): Buffer =>
  createHash('sha256')
    .update(code.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
    .digest()
