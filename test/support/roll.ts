/** Rolls of members who are nobody, each with a codice fiscale that fits the name. */
import { checkCharacter, givenNameLetters, surnameLetters } from '../../src/registry/people/tax-code.ts'

export interface RollPerson {
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
  readonly registerNumber: string
}

const CONSONANTS = 'BCDFGLMNPRSTVZ'
const PLACE = 'H501'

const two = (number: number): string => String(number).padStart(2, '0')

interface Facts {
  /** of birth, the last two digits; the day is in January */
  readonly year: number
  readonly day: number
  readonly registerNumber: string
}

export function person(surname: string, givenName: string, { year, day, registerNumber }: Facts): RollPerson {
  const start = `${surnameLetters(surname)}${givenNameLetters(givenName)}${two(year)}A${two(day)}${PLACE}`
  return { taxCode: `${start}${checkCharacter(start)}`, surname, givenName, registerNumber }
}

/** So many, all with other surnames and codes. */
export function crowd(count: number): RollPerson[] {
  const syllable = (number: number, place: number): string =>
    `${CONSONANTS[Math.floor(number / CONSONANTS.length ** place) % CONSONANTS.length]}a`
  return Array.from({ length: count }, (_, index) => {
    const surname = [0, 1, 2, 3].map((place) => syllable(index, place)).join('')
    return person(surname, 'Piera', {
      year: index % 90,
      day: (Math.floor(index / 90) % 28) + 1,
      registerNumber: `A${index + 1}`,
    })
  })
}

export const rollFile = (people: readonly RollPerson[]): Buffer =>
  Buffer.from(
    [
      'Codice fiscale;Cognome;Nome;Numero iscrizione',
      ...people.map((one) => [one.taxCode, one.surname, one.givenName, one.registerNumber].join(';')),
    ].join('\r\n'),
  )
