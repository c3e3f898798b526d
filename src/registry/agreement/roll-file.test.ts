/** Rolls as orders hand them over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRoll } from './roll-file.ts'

const read = (...lines: string[]) => readRoll(Buffer.from(lines.join('\r\n')))

test('the columns are found by their titles, in any order and spelling', () => {
  const { members, rejected, doubtful } = read(
    'N. Iscrizione;Nome;COGNOME;Codice Fiscale;Data_Iscrizione;Albo',
    '123;Mario;Rossi;rssmra80a01h501u;15/03/2010;Medici',
    '124;Lucia;Bianchi;BNCLCU85T55F205Q;2011-01-05;Medici',
  )
  assert.deepEqual([rejected, doubtful], [[{ line: 3, why: rejected[0]?.why }], []])
  assert.match(rejected[0]?.why ?? '', /last character/)
  assert.deepEqual(members, [
    {
      taxCode: 'RSSMRA80A01H501U',
      surname: 'Rossi',
      givenName: 'Mario',
      registerNumber: '123',
      registeredOn: '2010-03-15',
      struckOffOn: null,
    },
  ])
})

test('Windows-1252 and commas', () => {
  const { members } = readRoll(Buffer.from('CF,Cognome,Nome\nRSSMRA80A01H501U,Rossì,Mario\n', 'latin1'))
  assert.equal(members[0]?.surname, 'Rossì')
})

test('every rejected line says its number and why', () => {
  const { members, rejected, doubtful } = read(
    'CF;Cognome;Nome;Data iscrizione;Data cancellazione',
    'RSSMRA80A01H501U;Rossi;Mario;;',
    'RSSMRA80A01H501U;Rossi;Mario;;',
    ';Rossi;Mario;;',
    'RSSMRA80A01H501;Rossi;Mario;;',
    'MRTMTT25D09F205Z;;Matteo;;',
    'MRTMTT25D09F205Z;Moretti;123;;',
    'MRTMTT25D09F205Z;Moretti;Matteo;31/02/2026;',
    'MRTMTT25D09F205Z;Moretti;Matteo;01/02/2026;2026-01-01',
    'MRTMTT25D09F205Z;Moretti',
    'MRTMTT25D09F205Z;Verdi;Luca;;01.02.2026',
  )
  assert.deepEqual(
    rejected.map(({ line, why }) => `${line}: ${why}`),
    [
      '3: RSSMRA80A01H501U is on line 2 already',
      '4: "Codice fiscale" is empty',
      '5: "RSSMRA80A01H501" is no codice fiscale: it has 15 characters and should have 16',
      '6: "Cognome" is empty',
      '7: "123" is not a name',
      '8: "31/02/2026" is not a day ("Data iscrizione")',
      '9: The member is struck off before being registered',
      '10: "Nome" is empty',
    ],
  )
  assert.deepEqual(doubtful, [{ line: 11, why: 'the codice fiscale MRTMTT25D09F205Z is hardly that of Luca Verdi' }])
  assert.deepEqual(
    members.map(({ taxCode, struckOffOn }) => [taxCode, struckOffOn]),
    [
      ['RSSMRA80A01H501U', null],
      ['MRTMTT25D09F205Z', '2026-02-01'],
    ],
  )
})

test('a file without the columns says which are missing', () => {
  assert.throws(() => read('Cognome;Nome', 'Rossi;Mario'), { code: 'bad-roll', message: /missing: "Codice fiscale"$/ })
  assert.throws(() => read(''), { code: 'bad-roll' })
})
