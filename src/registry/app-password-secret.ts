/**
 * The secrets of app passwords: made here, 140 random bits in an alphabet that nobody misreads. Nobody guesses one, at whatever speed, so a
 * fast keyed hash keeps it as safely as a slow one (which only makes guesses at weak passwords dear), and the brake on guessing need not hold it
 * up. The key is the mailbox, so that the same bytes found in two places say nothing.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** 32 letters and digits, without l, o, 0 and 1. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const LENGTH = 28
const GROUP = 4
const FORM = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`)

const grouped = (letters: string): string => letters.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? ''

/** Seven groups of four. */
export const generateAppPassword = (): string =>
  grouped([...randomBytes(LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join(''))

/** An app password as it was shown, however it was typed: with blanks, in capitals, without its dashes; undefined if it cannot be one. */
export function readAppPassword(typed: string): string | undefined {
  if (typed.length > 4 * LENGTH) return undefined
  const letters = typed.toLowerCase().replace(/[\s-]/g, '')
  return FORM.test(letters) ? grouped(letters) : undefined
}

/** What is stored of one, in hexadecimal. @param secret as it was shown */
export const hashAppPassword = (mailbox: string, secret: string): string =>
  createHmac('sha256', `app password of ${mailbox}`).update(secret).digest('hex')

/** Compares in constant time. */
export function isHashOf(stored: string, hash: string): boolean {
  const [one, other] = [Buffer.from(stored, 'hex'), Buffer.from(hash, 'hex')]
  return one.length === other.length && timingSafeEqual(one, other)
}
