/** The register's layout, and the operation that brings it from what it has to what it is to have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCsv } from '../people/csv.ts'
import { lineFor, readRejections, registerFile, type RegisterRow } from './register-file.ts'

const row: RegisterRow = {
  taxCode: 'RSSMRA80A01H501U',
  registered: 'mario@pec.test',
  surname: 'Rossì',
  givenName: 'Mario "Ugo"; detto Mà',
  registerNumber: '17',
  registeredOn: '2010-02-01',
  struckOffOn: null,
}

test('insert, update, delete, or nothing', () => {
  const operation = (before: RegisterRow | undefined, after: RegisterRow) => lineFor(before, after)?.operation
  const none = { ...row, registered: null }
  assert.equal(operation(undefined, row), 'insert')
  assert.equal(operation(none, row), 'insert')
  assert.equal(operation(row, row), undefined)
  assert.equal(operation(undefined, none), undefined, 'given and taken before the register knew')
  assert.equal(operation(none, none), undefined)
  for (const change of [{ registered: 'm@pec.test' }, { surname: 'Verdi' }, { registerNumber: '' }, { registeredOn: null }])
    assert.equal(operation(row, { ...row, ...change }), 'update', JSON.stringify(change))
  const gone = lineFor(row, { ...none, struckOffOn: '2026-03-01' })
  assert.deepEqual([gone?.operation, gone?.address, gone?.struckOffOn], ['delete', 'mario@pec.test', '2026-03-01'])
})

test('the file has the titles, the columns and the days of the layout, and is read as it was written', () => {
  const line = lineFor(undefined, row)
  const gone = lineFor(row, { ...row, registered: null, struckOffOn: '2026-03-01' })
  assert.ok(line && gone)
  const text = registerFile([line, gone]).toString()
  assert.equal(
    text,
    'PEC;Nome;Cognome;NumeroIscrizione;CF;Stato;DataIscrizione;DataCancellazione\r\n' +
      'mario@pec.test;"Mario ""Ugo""; detto Mà";Rossì;17;RSSMRA80A01H501U;2;01/02/2010;\r\n' +
      'mario@pec.test;"Mario ""Ugo""; detto Mà";Rossì;17;RSSMRA80A01H501U;3;01/02/2010;01/03/2026\r\n',
  )
  assert.equal(readCsv(text)[1]?.cells[1], row.givenName)
})

test('rejections are lines with a number and why', () => {
  const read = (text: string) => readRejections(Buffer.from(text))
  assert.deepEqual(read('Riga;Motivo\n2;CF errato\n17;PEC inattiva'), [
    { line: 2, why: 'CF errato' },
    { line: 17, why: 'PEC inattiva' },
  ])
  assert.deepEqual(read('3;no'), [{ line: 3, why: 'no' }])
  assert.throws(() => read('2;ok\nx;y'), { code: 'bad-rejections' })
  assert.throws(() => read('2;'), { code: 'bad-rejections' })
})
