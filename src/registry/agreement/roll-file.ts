/** A roll of members as an order hands it over: CSV with Italian titles. Every line is a member, or is rejected with a reason. Pure. */
import { CeralaccaError, clientError } from '../../base/errors.ts'
import { decodeText, readCsv, type CsvRow } from '../people/csv.ts'
import { wordsOf } from '../people/letters.ts'
import { fitsName, readTaxCode } from '../people/tax-code.ts'
import { isDay } from './days.ts'

export interface RollMember {
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
  readonly registerNumber: string
  /** days; null: not said, or not struck off */
  readonly registeredOn: string | null
  readonly struckOffOn: string | null
}

export interface RollLine {
  readonly line: number
  readonly why: string
}

export interface RollFile {
  readonly members: readonly RollMember[]
  readonly rejected: readonly RollLine[]
  /** lines that are taken, but should be looked at */
  readonly doubtful: readonly RollLine[]
}

/** The titles that a column may have, in letters only. */
const TITLES = {
  taxCode: ['CF', 'CODICEFISCALE', 'CODFISCALE', 'CODFISC'],
  surname: ['COGNOME'],
  givenName: ['NOME'],
  registerNumber: ['NUMEROISCRIZIONE', 'NISCRIZIONE', 'NUMISCRIZIONE', 'NUMEROALBO', 'MATRICOLA', 'NUMERO'],
  registeredOn: ['DATAISCRIZIONE', 'ISCRITTODAL'],
  struckOffOn: ['DATACANCELLAZIONE', 'CANCELLATODAL'],
} as const

type Field = keyof typeof TITLES

const NEEDED: readonly Field[] = ['taxCode', 'surname', 'givenName']
const WRITTEN: Readonly<Record<Field, string>> = {
  taxCode: 'Codice fiscale',
  surname: 'Cognome',
  givenName: 'Nome',
  registerNumber: 'Numero iscrizione',
  registeredOn: 'Data iscrizione',
  struckOffOn: 'Data cancellazione',
}

/**
 * Reads a roll.
 * @throws `bad-csv`, and `bad-roll` if a column is missing or there is no line
 */
export function readRoll(bytes: Buffer): RollFile {
  const [titles, ...rows] = readCsv(decodeText(bytes))
  if (!titles) throw clientError('bad-roll', 'The file is empty')
  const columns = columnsOf(titles)
  const members: RollMember[] = []
  const rejected: RollLine[] = []
  const doubtful: RollLine[] = []
  const lines = new Map<string, number>()
  for (const row of rows) {
    try {
      const { member, doubt } = readMember(row, columns)
      const earlier = lines.get(member.taxCode)
      if (earlier !== undefined) throw clientError('bad-line', `${member.taxCode} is on line ${earlier} already`)
      lines.set(member.taxCode, row.line)
      members.push(member)
      if (doubt !== undefined) doubtful.push({ line: row.line, why: doubt })
    } catch (error) {
      if (!(error instanceof CeralaccaError)) throw error
      rejected.push({ line: row.line, why: error.message })
    }
  }
  return { members, rejected, doubtful }
}

function columnsOf({ cells }: CsvRow): ReadonlyMap<Field, number> {
  const titles = cells.map((cell) => wordsOf(cell).join(''))
  const columns = new Map<Field, number>()
  for (const field of Object.keys(TITLES) as Field[]) {
    const names: readonly string[] = TITLES[field]
    const at = titles.findIndex((title) => names.includes(title))
    if (at !== -1) columns.set(field, at)
  }
  const missing = NEEDED.filter((field) => !columns.has(field)).map((field) => `"${WRITTEN[field]}"`)
  if (missing.length > 0)
    throw clientError('bad-roll', `The first line must have the titles of the columns; missing: ${missing.join(', ')}`)
  return columns
}

function readMember(row: CsvRow, columns: ReadonlyMap<Field, number>): { member: RollMember; doubt: string | undefined } {
  const cell = (field: Field): string => row.cells[columns.get(field) ?? -1] ?? ''
  const needed = (field: Field): string => {
    if (cell(field) === '') throw clientError('bad-line', `"${WRITTEN[field]}" is empty`)
    return cell(field)
  }
  const taxCode = readTaxCode(needed('taxCode'))
  const [surname, givenName] = [needed('surname'), needed('givenName')]
  for (const name of [surname, givenName])
    if (name.length > 100 || wordsOf(name).length === 0) throw clientError('bad-line', `"${name.slice(0, 100)}" is not a name`)
  const registeredOn = readDay(cell('registeredOn'), 'registeredOn')
  const struckOffOn = readDay(cell('struckOffOn'), 'struckOffOn')
  if (registeredOn !== null && struckOffOn !== null && struckOffOn < registeredOn)
    throw clientError('bad-line', 'The member is struck off before being registered')
  const fit = fitsName(taxCode, surname, givenName)
  const doubt = fit === 'fits' ? undefined : `the codice fiscale ${taxCode.code} is hardly that of ${givenName} ${surname}`
  return {
    member: { taxCode: taxCode.code, surname, givenName, registerNumber: cell('registerNumber'), registeredOn, struckOffOn },
    doubt,
  }
}

/** A day as it is written here: 2026-03-15, 15/03/2026, 15-3-2026, with or without a time behind it. */
function readDay(text: string, field: Field): string | null {
  if (text === '') return null
  const [, day = '', month = '', year = ''] = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T].*)?$/.exec(text) ?? []
  const read = year === '' ? text.slice(0, 10) : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (!isDay(read)) throw clientError('bad-line', `"${text.slice(0, 30)}" is not a day ("${WRITTEN[field]}")`)
  return read
}
