/** CSV as offices write it: `;` or `,` or tab, quoted or not, UTF-8 or Windows-1252. Pure. */
import { clientError } from '../../base/errors.ts'

export interface CsvRow {
  /** of the row's first line in the file, from 1 */
  readonly line: number
  readonly cells: readonly string[]
}

/** The text of a file: UTF-8 if all of it is, else Windows-1252, which any bytes are. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** What parts the cells, by the first line. */
function separatorOf(text: string): string {
  const [first = ''] = text.split(/\r?\n/, 1)
  const count = (character: string): number => first.split(character).length - 1
  return [';', '\t', ','].reduce((best, one) => (count(one) > count(best) ? one : best), ';')
}

/**
 * The rows of a CSV text (RFC 4180), without empty ones; spaces around a cell go.
 * @throws `bad-csv` if a quotation mark is never closed
 */
export function readCsv(text: string): CsvRow[] {
  const separator = separatorOf(text)
  const rows: CsvRow[] = []
  let cells: string[] = []
  let [line, begun, at] = [1, 1, 0]
  const endRow = (): void => {
    if (cells.some((cell) => cell !== '')) rows.push({ line: begun, cells })
    cells = []
    line++
    begun = line
  }
  while (at < text.length) {
    while (text[at] === ' ') at++
    if (text[at] === '"') {
      let cell = ''
      for (let from = at + 1; ;) {
        const quote = text.indexOf('"', from)
        if (quote === -1) throw clientError('bad-csv', `Line ${begun}: a quotation mark is opened and never closed`)
        cell += text.slice(from, quote)
        at = quote + 1
        if (text[at] !== '"') break
        cell += '"'
        from = quote + 2
      }
      line += cell.split('\n').length - 1
      cells.push(cell.trim())
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++
    } else {
      const from = at
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++
      cells.push(text.slice(from, at).trim())
    }
    const end = text[at]
    at++
    if (end !== separator) endRow()
    else if (at === text.length) cells.push('')
  }
  if (cells.length > 0) endRow()
  return rows
}
