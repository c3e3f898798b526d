import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { addressKey, readAddress, readAddressList, writeAddress } from './address-list.ts'

/** Each element: its address, or what it is instead. */
const read = (text: string): string[] =>
  readAddressList(text).map(
    ({ address, eightBit, inGroup }) =>
      (address ? writeAddress(address) : eightBit ? '8-bit' : 'none') + (inGroup ? ' in a group' : ''),
  )

const LISTS: Record<string, [text: string, expected: string[]]> = {
  'an address': ['a@x.it', ['a@x.it']],
  'as it is written': ['Mario.Rossi@PEC.Example.IT', ['Mario.Rossi@PEC.Example.IT']],
  'all characters of an atom': ["a!#$%&'*+/=?^_`{|}~-z@x-y.it", ["a!#$%&'*+/=?^_`{|}~-z@x-y.it"]],
  'in angle brackets': ['<a@x.it>', ['a@x.it']],
  'with a name': ['Mario Rossi <a@x.it>', ['a@x.it']],
  'with a name in quotes, which holds a comma and an address': ['"Rossi, \\"M\\" <b@y.it>" <a@x.it>', ['a@x.it']],
  'with the address as name': ['b@y.it <a@x.it>', ['a@x.it']],
  'with an encoded and with a raw name': ['=?UTF-8?Q?Per=C3=B2?= <a@x.it>, Per\u00c3\u00b2 <b@x.it>', ['a@x.it', 'b@x.it']],
  'with comments, nested, everywhere': ['(a,(b)\\)) a (c) @ (d) x.it (e@f)', ['a@x.it']],
  'a quoted local part': ['"a b"@x.it, "a@b,c"@x.it, "a\\"b"@x.it', ['"a b"@x.it', '"a@b,c"@x.it', '"a\\"b"@x.it']],
  'a quoted local part that needs no quotes': ['"mario.rossi"@x.it', ['mario.rossi@x.it']],
  'a domain literal': ['a@[192.0.2.1], a@[IPv6:2001:db8::1]', ['a@[192.0.2.1]', 'a@[IPv6:2001:db8::1]']],
  'an internationalised domain as A-labels': ['a@xn--per-qma.it', ['a@xn--per-qma.it']],
  'several, with empty elements': ['a@x.it,, b@x.it ,', ['a@x.it', 'b@x.it']],
  'a group': ['Noi: a@x.it, B <b@x.it>;, c@x.it', ['a@x.it in a group', 'b@x.it in a group', 'c@x.it']],
  'an empty group': ['undisclosed-recipients:;', []],
  nothing: ['', []],
  'a comment alone': ['(nobody)', []],
  'bytes beyond ASCII in an address': ['per\u00c3\u00b2@x.it, <a@per\u00c3\u00b2.it>', ['8-bit', '8-bit']],
  'a word': ['mario', ['none']],
  'no local part': ['@x.it', ['none']],
  'no domain': ['a@', ['none']],
  'two at signs': ['a@b@x.it', ['none']],
  'dots at the wrong places': ['.a@x.it, a.@x.it, a..b@x.it, a@x..it, a@.it', Array<string>(5).fill('none')],
  'blanks within': ['a b@x.it, a. b@x.it, a@x .it', ['none', 'none', 'none']],
  'an open angle bracket': ['A <a@x.it', ['none']],
  'a closed one alone': ['a@x.it>', ['none']],
  'an address within an address': ['<a@x.it <b@x.it>>', ['none']],
  'two addresses in one element': ['<a@x.it> <b@x.it>', ['none']],
  'words behind the address': ['<a@x.it> Mario', ['none']],
  'a name with a semicolon': ['Rossi; Mario <a@x.it>', ['none']],
  'a name in brackets': ['[Ufficio] Mario R. <a@x.it>', ['a@x.it']],
  'a source route': ['<@y.it,@z.it:a@x.it>', ['none']],
  'an open quotation': ['"a@x.it', ['none']],
  'an open comment': ['a@x.it (b', ['none']],
  'a control character': ['a\u0001b@x.it', ['none']],
  'a semicolon without a group': ['a@x.it; b@x.it', ['none']],
  'a local part that is too long': [`${'a'.repeat(64)}@x.it, ${'a'.repeat(65)}@x.it`, [`${'a'.repeat(64)}@x.it`, 'none']],
  'an address that is too long': [`a@${'b'.repeat(251)}.it`, ['none']],
}

for (const [name, [text, expected]] of Object.entries(LISTS)) {
  test(`reads ${name}`, () => assert.deepEqual(read(text), expected))
}

test('the text of an element is what stands there, without what is around it', () => {
  assert.deepEqual(
    readAddressList(' a@x.it , Mario <nobody> ').map(({ text }) => text),
    ['a@x.it', 'Mario <nobody>'],
  )
})

test('addresses have the same key in any case, quoted or not', () => {
  const keys = ['Mario.Rossi@PEC.it', '"mario.rossi"@pec.IT', ' mario.rossi (x) @ pec.it'].map((text) => {
    const address = readAddress(text)
    assert.ok(address)
    return addressKey(address)
  })
  assert.deepEqual(new Set(keys), new Set(['mario.rossi@pec.it']))
})

const pieces = fc.string({
  unit: fc.constantFrom(
    'a',
    'b.c',
    '@',
    'x.it',
    '"',
    '\\',
    '<',
    '>',
    '(',
    ')',
    '[',
    ']',
    ',',
    ';',
    ':',
    '.',
    ' ',
    '\t',
    '\u00e8',
    '\u0001',
  ),
  maxLength: 40,
})

test('property: no text makes it fail, and what it reads it reads again from what it writes', () => {
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string({ unit: 'binary' })), (text) => {
      for (const { address } of readAddressList(text)) {
        if (!address) continue
        assert.deepEqual(readAddress(writeAddress(address)), address)
        assert.doesNotMatch(writeAddress(address), /[^\u0000-\u007f]/)
        assert.deepEqual(read(`${writeAddress(address)}, <${writeAddress(address)}>`), Array(2).fill(writeAddress(address)))
      }
    }),
    { numRuns: 2000 },
  )
})

test('its cost grows with the length of the list alone', () => {
  const started = performance.now()
  for (const piece of ['(', '(a)', '"', '""', '<', '[', '[]', 'a,', ':', '\\', 'a@b ', '.', '@', '\u00e8'])
    readAddressList(piece.repeat(256 * 1024))
  // Some seconds of patience for a busy machine: the square of that length takes minutes.
  assert.ok(performance.now() - started < 20_000)
})
