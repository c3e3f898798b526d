import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseHeader } from '../mime/header.ts'
import { copyRecipients, receiptTypeFor, receiptTypeOf } from './recipients.ts'

const copies = (lines: string, ...addresses: string[]): string[] => [
  ...copyRecipients(parseHeader(Buffer.from(`${lines}\r\n\r\n`)), addresses),
]

test('who is named in Cc alone is a copy, in the case of neither name nor address', () => {
  const header =
    'TO: "Rossi, Anna" <Anna@PEC.it>, due@pec.it\r\ncc: Tre <TRE@pec.it>,\r\n Team: quattro@pec.it, Cinque <cinque@pec.it>;'
  assert.deepEqual(copies(header, 'anna@pec.it', 'Tre@pec.IT', 'quattro@pec.it', 'cinque@pec.it', 'due@pec.it').sort(), [
    'cinque@pec.it',
    'quattro@pec.it',
    'tre@pec.it',
  ])
})

test('only the addresses that are asked about', () => {
  assert.deepEqual(copies('To: a@x\r\nCc: b@x, c@x', 'c@x'), ['c@x'])
})

test('who is in both, in neither, or in Bcc is a primary recipient', () => {
  assert.deepEqual(copies('To: a@x, B@x\r\nCc: b@X, c@x\r\nBcc: d@x', 'a@x', 'b@x', 'd@x', 'e@x'), [])
})

test('all fields count, where there is more than one', () => {
  assert.deepEqual(copies('Cc: a@x\r\nTo: b@x\r\nCc: c@x\r\nTo: a@x', 'a@x', 'b@x', 'c@x'), ['c@x'])
  assert.deepEqual(copies('Cc: a@x', 'a@x'), ['a@x'])
})

test('a To that cannot be read for sure makes everybody a primary recipient (RFC 6109 3.3.2.1)', () => {
  for (const to of ['a@x b@x', 'a@x, nobody', 'a@x, <b@>', 'a@x, "unfinished', 'a@x, Lista']) {
    assert.deepEqual(copies(`To: ${to}\r\nCc: c@x`, 'a@x', 'b@x', 'c@x'), [], to)
  }
  for (const to of ['a@x', 'a@x,, d@x', 'undisclosed-recipients:;', 'Team: a@x;']) {
    assert.deepEqual(copies(`To: ${to}\r\nCc: c@x`, 'a@x', 'c@x'), ['c@x'], to)
  }
})

test('any To and Cc: never throws, and a copy is never one that stands in To by itself', () => {
  const list = fc.string({ unit: fc.constantFrom('a@x', 'b@x', ',', ' ', '<', '>', '"', '(', ')', ':', ';', '@', '\\', 'à') })
  fc.assert(
    fc.property(list, list, (to, cc) => {
      const found = copies(`To: a@x, ${to}\r\nCc: ${cc}`, 'a@x', 'b@x')
      assert.ok(!found.includes('a@x'))
      assert.ok(found.every((address) => address === 'a@x' || address === 'b@x'))
    }),
  )
})

test('X-TipoRicevuta: the three words in any case; anything else asks for a complete receipt', () => {
  const asked = (lines: string) => receiptTypeOf(parseHeader(Buffer.from(`From: a@x\r\n${lines}\r\n`)))
  assert.equal(asked('X-TipoRicevuta: breve\r\n'), 'breve')
  assert.equal(asked('X-Tiporicevuta:  SINTETICA \r\n'), 'sintetica')
  assert.equal(asked('x-tiporicevuta:\r\n Breve\r\n'), 'breve')
  assert.equal(asked('X-TipoRicevuta: completa\r\n'), 'completa')
  for (const wrong of ['', 'X-TipoRicevuta: \r\n', 'X-TipoRicevuta: brevissima\r\n', 'X-TipoRicevuta: breve sintetica\r\n']) {
    assert.equal(asked(wrong), 'completa', wrong)
  }
})

test('a carbon copy gets a concise receipt, whatever was asked for', () => {
  for (const requested of ['completa', 'breve', 'sintetica'] as const) {
    assert.equal(receiptTypeFor(requested, true), 'sintetica')
    assert.equal(receiptTypeFor(requested, false), requested)
  }
})
