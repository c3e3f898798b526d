/** Hostile bytes: nothing but noise, or what is valid with something of it changed. Texts are latin1, one character per byte. */
import * as fc from 'fast-check'

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))

export const rawBytes = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: byte, maxLength })

/** Bytes that mean something to some parser. */
const SHARP = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '"',
  '\\',
  '(',
  ')',
  '{',
  '}',
  '{9}',
  '{300+}\r\n',
  '[',
  ']',
  '<',
  '>',
  '*',
  '%',
  '&',
  '=',
  '?',
  '~',
  '$',
  ':',
  ',',
  ' ',
  '\xff',
  '@',
  '..',
  '=?',
  '?=',
  '--',
  ';',
]

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(6),
  insert: fc.oneof(fc.constantFrom(...SHARP), byte, fc.constant('')),
  repeat: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(300) }),
})

/** The same, with up to three changes. */
export const mutated = (valid: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(valid, fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((before, { at, remove, insert, repeat }) => {
      const place = Math.floor(at * before.length)
      return before.slice(0, place) + insert.repeat(repeat) + before.slice(place + remove)
    }, text),
  )

/** Valid, changed, and noise. */
export const hostile = (valid: fc.Arbitrary<string>, maxLength = 60): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 2, arbitrary: valid },
    { weight: 5, arbitrary: mutated(valid) },
    { weight: 1, arbitrary: rawBytes(maxLength) },
  )
