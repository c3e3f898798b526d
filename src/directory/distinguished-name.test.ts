import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { escapeNameValue, readName } from './distinguished-name.ts'

test('names of records, with the escapes of RFC 4514', () => {
  const name = (value: string) => [
    { type: 'providername', value },
    { type: 'o', value: 'postacert' },
  ]
  const cases: [text: string, value: string][] = [
    ['providerName=Uno S.p.A.,o=postacert', 'Uno S.p.A.'],
    ['PROVIDERNAME = Uno , o = postacert', 'Uno'],
    ['providerName=Uno\\, Due,o=postacert', 'Uno, Due'],
    ['providerName=Uno\\2C Due,o=postacert', 'Uno, Due'],
    ['providerName=Citt\\C3\\A0,o=postacert', 'Città'],
    ['providerName=Città 🏛,o=postacert', 'Città 🏛'],
    ['providerName=a\\+b\\=c\\\\d\\"e,o=postacert', 'a+b=c\\d"e'],
    ['providerName=a=b,o=postacert', 'a=b'],
    ['providerName=\\ a\\ ,o=postacert', ' a '],
    ['providerName=\\#a,o=postacert', '#a'],
    ['providerName=,o=postacert', ''],
  ]
  for (const [text, value] of cases) assert.deepEqual(readName(text), name(value), text)
  assert.deepEqual(readName('providerUnit=Secondary, providerName=Uno,o=postacert'), [
    { type: 'providerunit', value: 'Secondary' },
    ...name('Uno'),
  ])
})

test('what is no name', () => {
  for (const text of ['', 'x', 'a=b,', ',a=b', 'a=b\\', 'a=\\zz', 'a=\\e', 'a=#0403', '1a=b', 'a b=c']) {
    assert.equal(readName(text), null, text)
  }
})

test('an escaped value is read back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(' ', '#', '\\', ',', '+', 'a', '\0') }),
      (one, two) => {
        const text = `providerUnit=${escapeNameValue(two)},providerName=${escapeNameValue(one)},o=postacert`
        assert.deepEqual(
          readName(text)?.map(({ value }) => value),
          [two, one, 'postacert'].map((value) => Buffer.from(value).toString()),
        )
      },
    ),
  )
})
