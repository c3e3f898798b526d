/** References that survive what banks do to them, and banks' lists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readBankFile } from './bank-file.ts'
import { findReference, newReference, slotOfReference } from './payment-reference.ts'

test('a reference leads to its slot and is found again among other words', () => {
  fc.assert(
    fc.property(fc.nat(4095), (slot) => {
      const reference = newReference(slot)
      assert.equal(slotOfReference(reference), slot)
      const spaced = reference.replace(/(.{4})/g, '$1 ').toLowerCase()
      assert.equal(findReference(`BONIFICO DA ROSSI MARIO: ${spaced}- rinnovo`), reference)
    }),
  )
})

test('one wrong character, or two exchanged ones, make another thing of it', () => {
  fc.assert(
    fc.property(
      fc.nat(4095),
      fc.integer({ min: 3, max: 13 }),
      fc.constantFrom(...Array.from('0123456789ABCDEFGHJKMNPQRSTVWXY')),
      (slot, at, other) => {
        const reference = newReference(slot)
        const wrong = `${reference.slice(0, at)}${other}${reference.slice(at + 1)}`
        // The alphabet has 32 characters and the check 31 values: the last one counts like the first.
        if (wrong !== reference && !'0Z'.includes(other) && !'0Z'.includes(reference[at] ?? ''))
          assert.equal(slotOfReference(wrong), undefined)
      },
    ),
  )
  const [one, other] = [newReference(1), newReference(2)]
  assert.equal(findReference(`${one} ${other}`), undefined, 'two references say nothing')
  assert.equal(findReference(`${one} ${one}`), one)
  assert.equal(findReference('PEC'), undefined)
})

test("a bank's list: what comes in, in Italian or with a point; what goes out is left out", () => {
  const text = [
    'Data contabile;Data valuta;Importo;Descrizione operazione;CRO',
    '15/03/2026;15/03/2026;1.234,50;BONIFICO;A1',
    '15/03/2026;;15,00 €;BONIFICO 2;',
    '16/03/2026;;-3,00;COMMISSIONI;A2',
    '16/03/2026;;molto;BONIFICO;A3',
    '16/03/2026;;12.5;BONIFICO;A4',
  ].join('\r\n')
  assert.deepEqual(readBankFile(Buffer.from(text)), {
    movements: [
      { day: '15/03/2026', cents: 123_450, note: 'BONIFICO', bankId: 'A1' },
      { day: '15/03/2026', cents: 1500, note: 'BONIFICO 2', bankId: null },
      { day: '16/03/2026', cents: 1250, note: 'BONIFICO', bankId: 'A4' },
    ],
    rejected: [{ line: 5, why: '"molto" is not an amount' }],
  })
  assert.throws(() => readBankFile(Buffer.from('a;b\n1;2')), { code: 'bad-bank-file' })
})
