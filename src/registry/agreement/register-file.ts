/**
 * The file for the public register of addresses, in its layout of 2013: CSV with `;`, one line for each address that is inserted, updated
 * or deleted (docs/reference/register-export.md). Pure.
 */
import { clientError } from '../../base/errors.ts'
import { decodeText, readCsv } from '../people/csv.ts'

export const OPERATIONS = { update: 1, insert: 2, delete: 3 } as const
export type Operation = keyof typeof OPERATIONS

/** What the register is to have of a member, or has. */
export interface RegisterRow {
  readonly taxCode: string
  /** null: nothing */
  readonly registered: string | null
  readonly surname: string
  readonly givenName: string
  readonly registerNumber: string
  readonly registeredOn: string | null
  readonly struckOffOn: string | null
}

export interface RegisterLine extends Omit<RegisterRow, 'registered'> {
  readonly operation: Operation
  readonly address: string
}

const TITLES = 'PEC;Nome;Cognome;NumeroIscrizione;CF;Stato;DataIscrizione;DataCancellazione'

/** The first line behind the titles. */
export const FIRST_LINE = 2

/** What brings the register from what it has of a member (undefined: it was never told) to what it is to have; null: nothing. */
export function lineFor(before: RegisterRow | undefined, after: RegisterRow): RegisterLine | null {
  const had = before?.registered ?? null
  if (after.registered === null) return had === null ? null : { ...after, operation: 'delete', address: had }
  if (had === null || !before) return { ...after, operation: 'insert', address: after.registered }
  const same = COMPARED.every((column) => before[column] === after[column])
  return same ? null : { ...after, operation: 'update', address: after.registered }
}

const COMPARED = ['registered', 'surname', 'givenName', 'registerNumber', 'registeredOn', 'struckOffOn'] as const

/** A cell (RFC 4180 2): quoted where it has to be. */
const cell = (text: string): string => (/[;"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const day = (text: string | null): string => (text === null ? '' : text.split('-').toReversed().join('/'))

export function registerFile(lines: readonly RegisterLine[]): Buffer {
  const rows = lines.map((one) =>
    [
      one.address,
      one.givenName,
      one.surname,
      one.registerNumber,
      one.taxCode,
      String(OPERATIONS[one.operation]),
      day(one.registeredOn),
      day(one.struckOffOn),
    ]
      .map(cell)
      .join(';'),
  )
  return Buffer.from([TITLES, ...rows, ''].join('\r\n'))
}

export interface Rejection {
  /** of the file that was sent, the titles being line 1 */
  readonly line: number
  readonly why: string
}

/**
 * The lines that the register has rejected: CSV with the number of the line and why; a first line with titles is passed over.
 * @throws `bad-csv`, `bad-rejections`
 */
export function readRejections(bytes: Buffer): Rejection[] {
  const rows = readCsv(decodeText(bytes)).filter(({ line, cells }) => line > 1 || /^\d+$/.test(cells[0] ?? ''))
  return rows.map(({ line, cells: [number = '', why = ''] }) => {
    if (!/^\d{1,9}$/.test(number) || why === '')
      throw clientError(
        'bad-rejections',
        `Line ${line} must have the number of the rejected line and why: such as "17;CF errato"`,
      )
    return { line: Number(number), why }
  })
}
