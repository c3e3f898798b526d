/**
 * Whether a person who writes his name is the one of a roll, whose codice fiscale is the same already. So it forgives what people and
 * offices write differently (accents, case, apostrophes, hyphens, second names, the order of two surnames), and no more. Pure.
 */
import { lettersOf, wordsOf } from './letters.ts'

export interface PersonName {
  readonly surname: string
  readonly givenName: string
}

const sorted = (words: readonly string[]): string => [...words].sort().join(' ')

/** The same letters, however they are parted (`De Luca`, `DELUCA`), or the same words in another order (`Rossi Bianchi`). */
export function sameSurname(one: string, other: string): boolean {
  if (lettersOf(one) === '') return false
  return lettersOf(one) === lettersOf(other) || sorted(wordsOf(one)) === sorted(wordsOf(other))
}

/** The same letters, or the first of several names: who is `Maria Rosa` on the roll may write `Maria`, and the other way round. */
export function sameGivenName(one: string, other: string): boolean {
  const [words, others] = [wordsOf(one), wordsOf(other)]
  if (words.length === 0 || others.length === 0) return false
  if (lettersOf(one) === lettersOf(other)) return true
  const shared = Math.min(words.length, others.length)
  return words.slice(0, shared).join(' ') === others.slice(0, shared).join(' ')
}

export const samePerson = (one: PersonName, other: PersonName): boolean =>
  sameSurname(one.surname, other.surname) && sameGivenName(one.givenName, other.givenName)
