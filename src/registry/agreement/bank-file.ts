/** A bank's list of movements: CSV with Italian titles. What goes out is left out; what cannot be read is told. Pure. */
import { clientError } from '../../base/errors.ts'
import { decodeText, readCsv } from '../people/csv.ts'
import { wordsOf } from '../people/letters.ts'
import type { RollLine } from './roll-file.ts'

export interface BankMovement {
  /** as the bank writes it: it only tells movements apart */
  readonly day: string
  readonly cents: number
  readonly note: string
  /** the bank's own identifier (CRO, TRN); null: it gives none */
  readonly bankId: string | null
}

const TITLES = {
  day: ['DATA', 'DATACONTABILE', 'DATAOPERAZIONE', 'DATAVALUTA'],
  amount: ['IMPORTO', 'ACCREDITI', 'AVERE', 'ENTRATE'],
  note: ['CAUSALE', 'DESCRIZIONE', 'DESCRIZIONEOPERAZIONE', 'DETTAGLI'],
  bankId: ['CRO', 'TRN', 'CROTRN', 'RIFERIMENTO', 'IDMOVIMENTO', 'ID'],
} as const

/** @throws `bad-csv`, `bad-bank-file` if a column is missing */
export function readBankFile(bytes: Buffer): {
  readonly movements: readonly BankMovement[]
  readonly rejected: readonly RollLine[]
} {
  const [titles, ...rows] = readCsv(decodeText(bytes))
  const names = (titles?.cells ?? []).map((cell) => wordsOf(cell).join(''))
  const column = (field: keyof typeof TITLES): number =>
    names.findIndex((name) => (TITLES[field] as readonly string[]).includes(name))
  const [day, amount, note, bankId] = [column('day'), column('amount'), column('note'), column('bankId')]
  if (day === -1 || amount === -1 || note === -1)
    throw clientError('bad-bank-file', 'The first line must have the titles of the columns: "Data", "Importo", "Causale"')
  const movements: BankMovement[] = []
  const rejected: RollLine[] = []
  for (const { line, cells } of rows) {
    const text = cells[amount] ?? ''
    const cents = centsOf(text)
    if (cents === undefined) rejected.push({ line, why: `"${text.slice(0, 30)}" is not an amount` })
    else if (cents > 0) movements.push({ day: cells[day] ?? '', cents, note: cells[note] ?? '', bankId: cells[bankId] || null })
  }
  return { movements, rejected }
}

/** An amount as it is written here, `1.234,56`, or with a point, `1234.56`; empty is 0. */
function centsOf(text: string): number | undefined {
  const plain = text.replace(/[€\s]|EUR/g, '')
  if (plain === '') return 0
  const [, sign = '', whole = '', cents = ''] =
    /^([+-]?)(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?$/.exec(plain) ?? /^([+-]?)(\d+)\.(\d{1,2})$/.exec(plain) ?? []
  if (whole === '') return undefined
  const value = Number(whole.replaceAll('.', '')) * 100 + Number(cents.padEnd(2, '0'))
  return sign === '-' ? -value : value
}
