/** CSV in the forms that come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeText, readCsv } from './csv.ts'

const cellsOf = (text: string) => readCsv(text).map(({ cells }) => cells)

test('the separator is that of the first line', () => {
  for (const separator of [';', ',', '\t'])
    assert.deepEqual(cellsOf(`a${separator}b\r\nc${separator} d \r\n`), [
      ['a', 'b'],
      ['c', 'd'],
    ])
  assert.deepEqual(cellsOf('a;b\n"x,y";z;\n'), [
    ['a', 'b'],
    ['x,y', 'z', ''],
  ])
})

test('quotes hold separators, quotes and line ends; lines are counted as the file has them', () => {
  assert.deepEqual(readCsv('a;b\n\n"x;""y""\nz" ;2\nlast;3'), [
    { line: 1, cells: ['a', 'b'] },
    { line: 3, cells: ['x;"y"\nz', '2'] },
    { line: 5, cells: ['last', '3'] },
  ])
  assert.throws(() => readCsv('a;b\n"never;closed\n'), { code: 'bad-csv', message: /Line 2/ })
  assert.deepEqual(readCsv(''), [])
})

test('UTF-8 with or without its mark, else Windows-1252', () => {
  assert.equal(decodeText(Buffer.from('Nicolò €')), 'Nicolò €')
  assert.equal(decodeText(Buffer.from('\ufeffNicolò')), 'Nicolò')
  assert.equal(decodeText(Buffer.from([0x4e, 0xf2, 0x80])), 'Nò€')
})

test('what is written quoted is read back', () => {
  const cell = fc.string().map((text) => text.trim())
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
      const text = rows.map((row) => row.map(quoted).join(';')).join('\n')
      assert.deepEqual(
        cellsOf(`"a";"b"\n${text}`).slice(1),
        rows.filter((row) => row.some((one) => one !== '')),
      )
    }),
  )
})
