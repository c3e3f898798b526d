/**
 * `node scripts/conformance.mjs [FILE]`: checks docs/conformance.md against the code. Each row names what RFC 6109 asks, the code that does it
 * and the test that shows it; this checks that these are there, that no duty is open, and that every strong word of the RFC has its row.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

const [path = join(root, 'docs', 'conformance.md')] = process.argv.slice(2)
/** Where a path of the tables may start. */
const STARTS = ['', 'src', 'src/storage']
const STATES = ['met by the operator', 'met', 'not applicable', 'open']
const FILE = /\.(?:ts|mjs|sql|md)$/
const STRONG = /\*\*(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|REQUIRED|RECOMMENDED)\*\*/g
/** What may not stay open. */
const DUTY = /\*\*(?:MUST|SHALL|REQUIRED)/
/** Corrections of docs/reference/formats.md, a row each. */
const CORRECTIONS = 'F'
const COUNTS = 'Strong words'

const problems = []
const complain = (where, what) => problems.push(`${where}: ${what}`)

/** Rows of the tables of a document, by the first word of the heading above; the whole heading for one without a number. */
function readTables(text) {
  const rows = []
  let section = ''
  for (const [index, line] of text.split('\n').entries()) {
    const heading = /^#{2,} (.+)$/.exec(line)?.[1]
    if (heading !== undefined) section = /^(?:\d[\d.]*|Appendix A|F)(?= )/.exec(heading)?.[0] ?? heading
    if (!line.startsWith('| ') || line.startsWith('|---')) continue
    const cells = line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'))
    rows.push({ section, line: index + 1, cells })
  }
  return rows
}

const contents = new Map()

/** The text of a file that a row names; undefined if there is none. */
function contentOf(name) {
  if (!contents.has(name)) {
    const found = STARTS.map((start) => join(root, start, name)).find((file) => existsSync(file))
    contents.set(name, found && readFileSync(found, 'utf8'))
  }
  return contents.get(name)
}

const standsIn = (content, word) =>
  new RegExp(`(?<![\\w$])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`).test(content)

/** Files in backticks, each followed by identifiers in backticks or by parts of test names in double quotes. Answers how many files. */
function checkReferences(where, cell, kind) {
  let file
  let files = 0
  let named = 0
  for (const [, code, quote] of cell.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
    if (code !== undefined && FILE.test(code)) {
      if (file !== undefined && named === 0) complain(where, `nothing is named in ${file}`)
      ;[file, named] = [code, 0]
      files++
      if (contentOf(code) === undefined) complain(where, `there is no file ${code}`)
      if (kind === 'test' && !code.endsWith('.test.ts')) complain(where, `${code} is no test`)
      continue
    }
    named++
    const content = file === undefined ? undefined : contentOf(file)
    if (file === undefined) complain(where, `"${code ?? quote}" stands before any file`)
    else if ((kind === 'test') !== (quote !== undefined))
      complain(where, `"${code ?? quote}" is written as the other kind of reference`)
    else if (content !== undefined && !(quote === undefined ? standsIn(content, code) : content.includes(quote)))
      complain(where, `${file} has no "${code ?? quote}"`)
  }
  if (file !== undefined && named === 0) complain(where, `nothing is named in ${file}`)
  return files
}

function checkRow({ section, line, cells }) {
  const [id = '', asks = '', code = '', test = '', state = ''] = cells
  const where = `${id} (line ${line})`
  if (cells.length !== 5) return complain(where, `${cells.length} cells instead of 5`)
  if (!new RegExp(`^${section.replaceAll('.', '\\.')}-\\d+$`).test(id))
    complain(where, `its id does not belong to section ${section}`)
  const word = STATES.find((known) => state === known || state.startsWith(`${known}: `) || state.startsWith(`${known}; `))
  if (word === undefined) return complain(where, `"${state}" is no state`)
  if (word !== 'met' && state.length < word.length + 10) complain(where, `"${word}" without a reason`)
  const files = [checkReferences(where, code, 'code'), checkReferences(where, test, 'test')]
  if (word === 'met' && files.includes(0)) complain(where, 'met, but no code or no test is named')
  if (word === 'open' && DUTY.test(asks)) complain(where, `a duty is open: ${state}`)
}

const wordsOf = (texts) => {
  const counts = {}
  for (const text of texts) for (const [, word] of text.matchAll(STRONG)) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** "MUST 2, MUST NOT 1" */
const shown = (counts) =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => `${word} ${count}`)
    .join(', ')

const isBody = ({ cells }) => !['id', 'section', 'RFC 6109 says'].includes(cells[0])
const tables = readTables(readFileSync(path, 'utf8')).filter(isBody)
const rows = tables.filter(({ section }) => section !== COUNTS)
const expected = new Map(
  tables.filter(({ section }) => section === COUNTS).map(({ cells: [section, words] }) => [section, words]),
)

for (const row of rows) checkRow(row)

const ids = rows.map(({ cells: [id] }) => id)
for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) complain(id, 'stands more than once')

const bySection = Map.groupBy(rows, ({ section }) => section)
for (const section of new Set([...expected.keys(), ...bySection.keys()])) {
  const found = shown(wordsOf((bySection.get(section) ?? []).map(({ cells: [, asks] }) => asks)))
  const wanted = expected.get(section) ?? ''
  if (found !== wanted)
    complain(section, `the RFC has ${wanted || 'no strong word'} there, the rows account for ${found || 'none'}`)
}

const corrections = readTables(readFileSync(join(root, 'docs', 'reference', 'formats.md'), 'utf8')).filter(
  (row) => row.section === 'Corrections to RFC 6109' && isBody(row),
)
const corrected = bySection.get(CORRECTIONS)?.length ?? 0
if (corrected !== corrections.length)
  complain(CORRECTIONS, `formats.md has ${corrections.length} corrections, ${corrected} have a row`)

for (const problem of problems) console.error(problem)
const open = rows.filter(({ cells }) => cells[4]?.startsWith('open')).map(({ cells: [id] }) => id)
console.log(
  `${rows.length} rows in ${bySection.size} sections, ${problems.length} problems, open: ${open.length > 0 ? open.join(', ') : 'none'}`,
)
process.exit(problems.length > 0 || rows.length === 0 ? 1 : 0)
