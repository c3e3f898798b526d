/**
 * The form of machine tokens: `cera_`, eight characters by which one is found, 32 that are secret (190 random bits), and six that check the rest,
 * so that a scanner of published secrets knows one for certain. Pure but for chance.
 */
import { hash, randomInt, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID = 8
const SECRET = 32
const CHECK = 6
const FORM = new RegExp(`^(cera_([0-9A-Za-z]{${ID}})[0-9A-Za-z]{${SECRET}})([0-9A-Za-z]{${CHECK}})$`)

const chance = (length: number): string => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

/** CRC-32 in base 62, as wide as any is. */
function checkOf(text: string): string {
  let [rest, digits] = [crc32(text), '']
  for (let place = 0; place < CHECK; place++) {
    digits = `${ALPHABET[rest % ALPHABET.length]}${digits}`
    rest = Math.floor(rest / ALPHABET.length)
  }
  return digits
}

export function makeMachineToken(): { token: string; id: string } {
  const id = chance(ID)
  const body = `cera_${id}${chance(SECRET)}`
  return { token: `${body}${checkOf(body)}`, id }
}

/** Whether somebody means a machine token: then no other way in is asked. */
export const looksLikeMachineToken = (text: string): boolean => text.startsWith('cera_')

/** What a token is found by; undefined if it cannot be one. */
export function idOfMachineToken(token: string): string | undefined {
  const [, body = '', id, check] = FORM.exec(token) ?? []
  return checkOf(body) === check ? id : undefined
}

/** Its secret is random, and long enough that a fast hash keeps it. */
export const hashMachineToken = (token: string): Buffer => hash('sha256', token, 'buffer')

/** In constant time. */
export const isMachineToken = (stored: Buffer, token: string): boolean => timingSafeEqual(stored, hashMachineToken(token))
