/**
 * The codice fiscale of a person (DM 23/12/1976): its form, its check character, what it says of birth and sex, and whether it can be
 * that of a name. Pure. A code is never made up here for anybody: only the tax office gives one.
 */
import { clientError } from '../../base/errors.ts'
import { lettersOf } from './letters.ts'

export interface TaxCode {
  /** 16 characters in upper case, as it was given: of two people whose codes would be alike one has letters for digits (omocodia) */
  readonly code: string
  /** with digits where omocodia put letters; its check character is not that of `code` */
  readonly plain: string
  /** the last two digits of the year */
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  readonly day: number
  readonly sex: 'F' | 'M'
  /** of the municipality, or of the state (Z), where the person was born */
  readonly place: string
}

const FORM = /^[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-MZ][0-9LMNP-V]{3}[A-Z]$/
const MONTHS = 'ABCDEHLMPRST'
/** Letters that stand for the digits 0 to 9 in a code that would otherwise be another person's too. */
const DIGIT_LETTERS = 'LMNPQRSTUV'
const DIGIT_PLACES = [6, 7, 9, 10, 12, 13, 14]
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** What a digit, or the letter of the same number, counts on an odd place (the first, the third, …). */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const numberOf = (character: string): number => (/\d/.test(character) ? Number(character) : ALPHABET.indexOf(character))

/** The check character of the first 15 characters, which are digits and letters A to Z. */
export function checkCharacter(first15: string): string {
  let sum = 0
  for (const [index, character] of Array.from(first15).entries()) {
    const number = numberOf(character)
    sum += index % 2 === 0 ? (ODD[number] ?? 0) : number
  }
  return ALPHABET[sum % 26] ?? ''
}

const withDigits = (code: string): string =>
  Array.from(code)
    .map((one, index) => (DIGIT_PLACES.includes(index) && !/\d/.test(one) ? DIGIT_LETTERS.indexOf(one) : one))
    .join('')

function problemOf(code: string): string | undefined {
  if (code.length !== 16) return `it has ${code.length} characters and should have 16`
  if (!FORM.test(code)) return 'it is not made like one, such as RSSMRA80A01H501U'
  if (checkCharacter(code.slice(0, 15)) !== code[15]) return 'its last character does not fit the others: one of them is mistyped'
  return undefined
}

/**
 * Reads a codice fiscale; spaces and lower case are let pass.
 * @throws `bad-tax-code` with what is wrong
 */
export function readTaxCode(text: string): TaxCode {
  const code = text.replace(/\s/g, '').toUpperCase()
  const bad = (why: string) => clientError('bad-tax-code', `"${code}" is no codice fiscale: ${why}`)
  const problem = problemOf(code)
  if (problem !== undefined) throw bad(problem)
  const plain = withDigits(code)
  const year = Number(plain.slice(6, 8))
  const month = MONTHS.indexOf(plain[8] ?? '') + 1
  const dayAndSex = Number(plain.slice(9, 11))
  const [sex, day] = dayAndSex > 40 ? (['F', dayAndSex - 40] as const) : (['M', dayAndSex] as const)
  // The century is not in the code. A year 00 can be 2000, which is a leap year.
  const last = month === 2 && year % 4 === 0 ? 29 : (DAYS[month - 1] ?? 0)
  if (day < 1 || day > last) throw bad('it names a day of birth that there is not')
  return { code, plain, year, month, day, sex, place: plain.slice(11, 15) }
}

/** The day of birth, YYYY-MM-DD, as of a day: the code has no century, so it is the last one that does not lie in the future. */
export function birthDay({ year, month, day }: TaxCode, today: string): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const inCentury = (century: number): string => `${century + year}-${two(month)}-${two(day)}`
  const century = Math.floor(Number(today.slice(0, 4)) / 100) * 100
  return inCentury(century) <= today ? inCentury(century) : inCentury(century - 100)
}

const isVowel = (letter: string): boolean => 'AEIOU'.includes(letter)

const threeOf = (consonants: string, vowels: string): string => `${consonants}${vowels}XXX`.slice(0, 3)

const parted = (name: string): [consonants: string, vowels: string] => {
  const letters = Array.from(lettersOf(name))
  return [letters.filter((one) => !isVowel(one)).join(''), letters.filter(isVowel).join('')]
}

/** The three letters of a surname: its consonants, then its vowels, then X. */
export const surnameLetters = (surname: string): string => threeOf(...parted(surname))

/** The three letters of a given name: of four consonants or more the first, third and fourth; else like a surname. */
export function givenNameLetters(name: string): string {
  const [consonants, vowels] = parted(name)
  return consonants.length > 3 ? `${consonants[0]}${consonants.slice(2, 4)}` : threeOf(consonants, vowels)
}

/**
 * Whether a code can be that of a name: a plausibility check, for it knows nothing of second names that the tax office left out, nor of
 * changed surnames. The German letters ä, ö, ü count also as ae, oe, ue.
 */
export function fitsName(
  { code }: TaxCode,
  surname: string,
  givenName: string,
): 'fits' | 'given-name-differs' | 'surname-differs' {
  const [ofSurname, ofName] = [code.slice(0, 3), code.slice(3, 6)]
  if (!variants(surname).some((one) => surnameLetters(one) === ofSurname)) return 'surname-differs'
  return variants(givenName).some((one) => givenNameLetters(one) === ofName) ? 'fits' : 'given-name-differs'
}

const variants = (name: string): string[] => [name, name.normalize('NFC').replace(/[äöü]/gi, (umlaut) => `${umlaut}e`)]
