/**
 * What a payer writes with a bank transfer: it leads to the slot of its order, is hard to guess, and a mistyped one is noticed. Pure but for
 * the random numbers.
 */
import { randomInt } from 'node:crypto'

/** Without letters that are taken for digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const WRITTEN = /PEC([0-9A-HJKMNP-TV-Z]{12})/g
const RANDOM = 8

const encode = (number: number, length: number): string =>
  Array.from({ length }, (_, place) => ALPHABET[Math.floor(number / 32 ** (length - 1 - place)) % 32]).join('')

const valueOf = (text: string): number => Array.from(text).reduce((sum, one) => sum * 32 + ALPHABET.indexOf(one), 0)

/** 31 is prime and above the weights' differences, so one wrong character or two exchanged ones change it. */
const checkOf = (text: string): string =>
  ALPHABET[Array.from(text).reduce((sum, one, at) => sum + ALPHABET.indexOf(one) * (at + 2), 0) % 31] ?? ''

export function newReference(slot: number): string {
  const text = `${encode(slot, 3)}${Array.from({ length: RANDOM }, () => ALPHABET[randomInt(32)]).join('')}`
  return `PEC${text}${checkOf(text)}`
}

/** The slot that a reference leads to; undefined for what is none. */
export function slotOfReference(reference: string): number | undefined {
  const [, text = ''] = /^PEC([0-9A-Z]{12})$/.exec(reference) ?? []
  if (text === '' || checkOf(text.slice(0, -1)) !== text.slice(-1)) return undefined
  const slot = valueOf(text.slice(0, 3))
  return slot < 4096 ? slot : undefined
}

/** The reference within what a bank passes on, whatever spaces and hyphens it put; undefined if there is none, or several. */
export function findReference(note: string): string | undefined {
  const letters = note.toUpperCase().replace(/[^0-9A-Z]/g, '')
  const found = new Set([...letters.matchAll(WRITTEN)].map(([all]) => all).filter((one) => slotOfReference(one) !== undefined))
  const [one] = found
  return found.size === 1 ? one : undefined
}
