/** Rolls of members who are nobody, each with a codice fiscale that fits the name. */
import { checkCharacter, givenNameLetters, surnameLetters } from '../../src/registry/people/tax-code.ts'

export interface RollPerson {
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
}

const CONSONANTS = 'BCDFGLMNPRSTVZ'
const PLACE = 'H501'

const two = (number: number): string => String(number).padStart(2, '0')

/** @param year of birth, the last two digits; the day is in January */
export function person(surname: string, givenName: string, year: number, day: number): RollPerson {
  const start = `${surnameLetters(surname)}${givenNameLetters(givenName)}${two(year)}A${two(day)}${PLACE}`
  return { taxCode: `${start}${checkCharacter(start)}`, surname, givenName }
}

/** So many, all with other surnames and codes. */
export function crowd(count: number): RollPerson[] {
  const syllable = (number: number, place: number): string =>
    `${CONSONANTS[Math.floor(number / CONSONANTS.length ** place) % CONSONANTS.length]}a`
  return Array.from({ length: count }, (_, index) => {
    const surname = [0, 1, 2, 3].map((place) => syllable(index, place)).join('')
    return person(surname, 'Piera', index % 90, (Math.floor(index / 90) % 28) + 1)
  })
}

export const rollFile = (people: readonly RollPerson[]): Buffer =>
  Buffer.from(
    [
      'Codice fiscale;Cognome;Nome;Numero iscrizione',
      ...people.map(({ taxCode, surname, givenName }, index) => `${taxCode};${surname};${givenName};${index + 1}`),
    ].join('\r\n'),
  )
