import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { requireTools } from '../../test/support/tools.ts'
import { instantOf } from '../base/instant.ts'
import type { PdfDocument, PdfSection } from './pdf-document.ts'
import { renderPdf } from './pdf.ts'

const instant = instantOf(Date.UTC(2026, 2, 15, 9, 30))

const documentOf = (sections: PdfSection[]): PdfDocument => ({
  title: 'Estratto del registro',
  subtitle: 'mario@pec.it',
  language: 'it',
  instant,
  issuer: 'Prova S.r.l.',
  reference: 'Estratto 17',
  sections,
})

/** What poppler's programs read in a PDF. */
function read(program: string, pdf: Buffer, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, [...args, '-', ...(program === 'pdftotext' ? ['-'] : [])], { input: pdf })
  assert.equal(status, 0, stderr.toString())
  assert.equal(stderr.toString(), '')
  return stdout.toString()
}

const tableOf = (rows: string[][]): PdfSection => ({
  heading: 'Righe',
  blocks: [
    {
      kind: 'table',
      columns: [
        { heading: 'Numero', share: 1 },
        { heading: 'Testo', share: 3 },
      ],
      rows,
    },
  ],
})

test('a document says all that it was given, in Italian or English', async (t) => {
  if (!requireTools(t, 'pdftotext')) return
  const document = documentOf([
    {
      heading: 'La richiesta',
      blocks: [
        { kind: 'paragraph', text: 'Perché così? È già più.' },
        { kind: 'notice', text: 'Attenzione' },
        {
          kind: 'facts',
          facts: [
            ['Motivo', 'causa 12/2026'],
            ['Altro', ''],
          ],
        },
      ],
    },
  ])
  const text = read('pdftotext', await renderPdf(document), '-layout')
  for (const words of [
    'Prova S.r.l.',
    'Estratto del registro',
    'mario@pec.it',
    'Redatto il 15/03/2026 alle ore 10:30:00 (UTC+01:00)',
    'La richiesta',
    'Perché così? È già più.',
    'Attenzione',
    'causa 12/2026',
    'Estratto 17',
    'Pagina 1 di 1',
  ])
    assert.ok(text.includes(words), words)
  const english = read('pdftotext', await renderPdf({ ...document, language: 'en', landscape: true }))
  assert.match(english, /Made on 15\/03\/2026 at 10:30:00 \(UTC\+01:00\)[^]*Page 1 of 1/)
})

test('it is PDF/A-2b with metadata and embedded fonts, and has the same bytes again', async (t) => {
  if (!requireTools(t, 'pdftotext')) return
  const document = documentOf([])
  const pdf = await renderPdf(document)
  assert.deepEqual(await renderPdf(document), pdf)
  const source = pdf.toString('latin1')
  assert.match(source, /<pdfaid:part>2<\/pdfaid:part>\s*<pdfaid:conformance>B</)
  assert.match(source, /\/OutputIntents/)
  const info = read('pdfinfo', pdf)
  assert.match(info, /Title: +Estratto del registro\nSubject: +mario@pec\.it\nKeywords: +Estratto 17\nAuthor: +Prova S\.r\.l\./)
  const fonts = read('pdffonts', pdf).trim().split('\n').slice(2)
  assert.equal(fonts.length, 2)
  for (const font of fonts) assert.match(font, /Roboto.* yes yes yes /)
})

test('a long table has its header on each page and loses no row', async (t) => {
  if (!requireTools(t, 'pdftotext')) return
  const rows = Array.from({ length: 120 }, (_, index) => [`n${index}.`, `riga ${'parola '.repeat(index % 30)}fine${index}.`])
  const text = read('pdftotext', await renderPdf(documentOf([tableOf(rows)])))
  const pages = text.split('\f').filter((page) => page !== '')
  assert.ok(pages.length > 2)
  pages.forEach((page, index) => {
    assert.ok(page.includes('Numero'), `page ${index}`)
    assert.ok(page.includes(`Pagina ${index + 1} di ${pages.length}`))
  })
  for (const [number = '', words = ''] of rows) {
    assert.ok(text.includes(number))
    assert.ok(text.includes(words.split(' ').at(-1) ?? ''))
  }
})

test('a row longer than a page goes on over the next, and a word longer than its column is broken', async (t) => {
  if (!requireTools(t, 'pdftotext')) return
  const addresses = Array.from({ length: 900 }, (_, index) => `casella${index}@pec.example.it`)
  const word = 'abcdefghij'.repeat(30)
  const text = read(
    'pdftotext',
    await renderPdf(
      documentOf([
        tableOf([
          [word, addresses.join(', ')],
          ['ultima', ''],
        ]),
      ]),
    ),
  )
  const joined = text.replaceAll(/\s/g, '')
  for (const address of addresses) assert.ok(joined.includes(address), address)
  assert.equal(
    text
      .match(/[a-j]{4,}/g)
      ?.join('')
      .replaceAll(/[^a-j]/g, '')
      .includes(word.slice(0, 20)),
    true,
  )
  assert.match(text, /ultima/)
})

test('what the font has not, and what hides or turns text, is shown as unknown, and nothing fails', async (t) => {
  if (!requireTools(t, 'pdftotext')) return
  const strange = 'a\u202eb 中 🎉 \u0000 \u200b \ud800 e\u0301 \u2028.'
  const text = read(
    'pdftotext',
    await renderPdf(documentOf([{ heading: strange, blocks: [{ kind: 'paragraph', text: strange }] }])),
  )
  assert.equal(text.split('a\ufffdb \ufffd \ufffd \ufffd \ufffd \ufffd é \ufffd.').length, 3, JSON.stringify(text))
})
