/**
 * Writes documents for people as PDF/A-2b, the form for archives: fonts, colours and metadata are inside, nothing is fetched and nothing
 * runs. The same document gives the same bytes. Called by what makes evidence: extracts of the ledger, bundles.
 *
 * The font has the alphabets of Europe. What it has no glyph for, and what would hide or turn text around, is shown as U+FFFD: the files
 * for machines that stand beside a PDF have it as it is.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import pdfmake from 'pdfmake'
import type { Content, ContentTable, CustomTableLayout, TDocumentDefinitions } from 'pdfmake/interfaces.js'
import { coverageOf } from './font-coverage.ts'
import type { PdfBlock, PdfColumn, PdfDocument, PdfSection } from './pdf-document.ts'

const FONTS = join(dirname(createRequire(import.meta.url).resolve('pdfmake/package.json')), 'fonts', 'Roboto')
const font = (name: string): string => join(FONTS, `Roboto-${name}.ttf`)
const FACE = { normal: font('Regular'), bold: font('Medium'), italics: font('Italic'), bolditalics: font('MediumItalic') }

pdfmake.setFonts({ Roboto: FACE })
pdfmake.setUrlAccessPolicy(() => false)
pdfmake.setLocalAccessPolicy((path) => path.startsWith(FONTS))

const WORDS = {
  it: {
    made: (day: string, time: string, zone: string) => `Redatto il ${day} alle ore ${time} (${zone})`,
    page: 'Pagina',
    of: 'di',
  },
  en: { made: (day: string, time: string, zone: string) => `Made on ${day} at ${time} (${zone})`, page: 'Page', of: 'of' },
} as const

const INK = '#1c2733'
const PALE = '#5b6875'
const WAX = '#8c1c13'
const RULE = '#c9d0d7'
const SHADE = '#f3f5f7'
const MM = 72 / 25.4
const SIDE = 18 * MM
const A4 = { short: 595.28, long: 841.89 }

/** Read at the first document: most processes write none. */
let coverage: ReadonlySet<number> | undefined

const UNKNOWN = '\ufffd'
/** Line ends stay where they stand; other controls and marks of direction show nothing or turn the text around. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u

function printable(text: string): string {
  coverage ??= coverageOf(readFileSync(FACE.normal))
  let shown = ''
  for (const character of text.normalize('NFC').replace(/\r\n?/g, '\n').replaceAll('\t', ' ')) {
    const known = character === '\n' || (coverage.has(character.codePointAt(0) ?? 0) && !HIDDEN.test(character))
    shown += known ? character : UNKNOWN
  }
  return shown
}

/** Room left and right in a cell. */
const CELL = 4
/** Of a table's text: the width of a wide character, and the lines that take half a landscape page. */
const WIDEST = 6.5
const SHORT_LINES = 24

const tableLayout: CustomTableLayout = {
  hLineWidth: (line, { table }) => (line === 0 || line === table.body.length ? 0.8 : 0.4),
  vLineWidth: () => 0,
  hLineColor: () => RULE,
  paddingLeft: () => CELL,
  paddingRight: () => CELL,
  paddingTop: () => 3,
  paddingBottom: () => 3,
}

const factsLayout: CustomTableLayout = { ...tableLayout, hLineWidth: () => 0.4 }

const noticeLayout: CustomTableLayout = {
  hLineWidth: () => 0,
  vLineWidth: (line) => (line === 0 ? 2.5 : 0),
  vLineColor: () => WAX,
  fillColor: () => SHADE,
  paddingLeft: () => 10,
  paddingRight: () => 10,
  paddingTop: () => 6,
  paddingBottom: () => 6,
}

/** Columns of fixed width: measuring every cell to find the best one would take most of the time of a long table. */
function widthsOf(columns: readonly PdfColumn[], room: number): number[] {
  const shares = columns.reduce((sum, { share }) => sum + share, 0)
  const free = room - 2 * CELL * columns.length
  return columns.map(({ share }) => (free * share) / shares)
}

/**
 * Whether a text in a column surely takes less than half a page. What is kept on one page and does not fit there would be cut, so such
 * rows may break.
 */
function isShort(text: string, width: number): boolean {
  const lines = text.split('\n').reduce((sum, line) => sum + Math.ceil((line.length * WIDEST) / width), 0)
  return lines <= SHORT_LINES
}

function tableOf(columns: readonly PdfColumn[], rows: readonly (readonly string[])[], room: number): ContentTable {
  const widths = widthsOf(columns, room)
  const header = columns.map(({ heading }) => ({ text: printable(heading), style: 'columnHeading' }))
  const body = rows.map((row) => columns.map((_, index) => ({ text: printable(row[index] ?? '') })))
  const dontBreakRows = rows.every((row) => row.every((text, index) => isShort(text, widths[index] ?? room)))
  return { style: 'table', layout: tableLayout, table: { headerRows: 1, dontBreakRows, widths, body: [header, ...body] } }
}

const FACT_COLUMNS: readonly PdfColumn[] = [
  { heading: '', share: 3 },
  { heading: '', share: 8 },
]

function blockOf(block: PdfBlock, room: number): Content {
  switch (block.kind) {
    case 'paragraph':
      return { text: printable(block.text), style: 'paragraph' }
    case 'notice':
      return { style: 'block', layout: noticeLayout, table: { widths: ['*'], body: [[{ text: printable(block.text) }]] } }
    case 'facts': {
      const body = block.facts.map(([name, value]) => [
        { text: printable(name), style: 'factName' },
        { text: printable(value === '' ? '\u2013' : value) },
      ])
      if (body.length === 0) return []
      return { style: 'block', layout: factsLayout, table: { widths: widthsOf(FACT_COLUMNS, room), body } }
    }
    case 'table':
      return tableOf(block.columns, block.rows, room)
  }
}

/** A heading stays with the first block below it. */
function sectionOf({ heading, blocks }: PdfSection, room: number): Content[] {
  return [{ text: printable(heading), style: 'heading', headlineLevel: 1 }, ...blocks.map((block) => blockOf(block, room))]
}

function definitionOf(document: PdfDocument): TDocumentDefinitions {
  const { title, subtitle, language, instant, issuer, reference, landscape = false, sections } = document
  const words = WORDS[language]
  const width = landscape ? A4.long : A4.short
  const room = width - 2 * SIDE
  const line = (y: number, color: string, lineWidth: number): Content => ({
    canvas: [{ type: 'line', x1: 0, y1: y, x2: room, y2: y, lineWidth, lineColor: color }],
  })
  const zone = `UTC${instant.zone.slice(0, 3)}:${instant.zone.slice(3)}`
  return {
    pageSize: 'A4',
    pageOrientation: landscape ? 'landscape' : 'portrait',
    pageMargins: [SIDE, 24 * MM, SIDE, 20 * MM],
    version: '1.7',
    subset: 'PDF/A-2b',
    language,
    displayTitle: true,
    info: {
      title: printable(title),
      author: printable(issuer),
      subject: printable(subtitle),
      keywords: printable(reference),
      creator: 'Ceralacca',
      producer: 'Ceralacca',
      creationDate: new Date(instant.ms),
      modDate: new Date(instant.ms),
    },
    header: {
      margin: [SIDE, 11 * MM, SIDE, 0],
      stack: [{ text: printable(issuer), style: 'running' }, line(4, WAX, 1)],
    },
    footer: (page, pages) => ({
      margin: [SIDE, 5 * MM, SIDE, 0],
      stack: [
        line(0, RULE, 0.5),
        {
          style: 'running',
          margin: [0, 4, 0, 0],
          columns: [
            { text: printable(reference), width: '*' },
            { text: `${words.page} ${page} ${words.of} ${pages}`, width: 90, alignment: 'right' },
          ],
        },
      ],
    }),
    content: [
      { text: printable(title), style: 'title' },
      { text: printable(subtitle), style: 'subtitle' },
      { text: words.made(instant.day, instant.time, zone), style: 'made' },
      ...sections.flatMap((section) => sectionOf(section, room)),
    ],
    // A heading at the foot of a page goes to the next.
    pageBreakBefore: (node, nodes) =>
      node.headlineLevel === 1 && node.pageNumbers.length > 0 && nodes.getFollowingNodesOnPage().length === 0,
    defaultStyle: { font: 'Roboto', fontSize: 9.5, color: INK, lineHeight: 1.15 },
    styles: {
      title: { fontSize: 20, bold: true, lineHeight: 1.05 },
      subtitle: { fontSize: 12, color: PALE, margin: [0, 2, 0, 0] },
      made: { color: PALE, margin: [0, 6, 0, 4] },
      heading: { fontSize: 12.5, bold: true, color: WAX, margin: [0, 14, 0, 5] },
      paragraph: { margin: [0, 0, 0, 6] },
      block: { margin: [0, 2, 0, 8] },
      table: { fontSize: 7.5, margin: [0, 2, 0, 8] },
      columnHeading: { bold: true, fillColor: SHADE },
      factName: { color: PALE },
      running: { fontSize: 8, color: PALE },
    },
  }
}

/** The bytes of the PDF. Time and memory grow with the rows of its tables: callers bound them. */
export function renderPdf(document: PdfDocument): Promise<Buffer> {
  return pdfmake.createPdf(definitionOf(document)).getBuffer()
}
