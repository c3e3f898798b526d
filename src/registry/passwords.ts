/** Passwords: argon2id hashes, and the rule of what a password must be. */
import { randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { clientError } from '../base/errors.ts'
import { PASSWORD_LENGTH } from './password-rule.ts'

/** OWASP's second choice for argon2id, 19 MiB and two passes: about 10 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** @throws `weak-password` with what is asked for */
export async function hashPassword(password: string): Promise<string> {
  const { least, most } = PASSWORD_LENGTH
  if (password.length < least || password.length > most) {
    throw clientError('weak-password', `A password has between ${least} and ${most} characters`)
  }
  return hash(password, COST)
}

export const verifyPassword = (stored: string, password: string): Promise<boolean> => verify(stored, password)

/** Letters and digits that nobody confuses when typing them. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A random password of four groups of five, 116 bits. */
export function generatePassword(): string {
  const group = (): string => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return Array.from({ length: 4 }, group).join('-')
}
