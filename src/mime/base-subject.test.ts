import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { baseSubject } from './base-subject.ts'

/** RFC 5256 2.1 */
const CASES: readonly (readonly [subject: string, base: string, isReply: boolean])[] = [
  ['', '', false],
  ['  protocollo \t 12 ', 'protocollo 12', false],
  ['Re: protocollo', 'protocollo', true],
  ['RE : Fw: fwd:protocollo', 'protocollo', true],
  ['R: protocollo', 'R: protocollo', false],
  ['POSTA CERTIFICATA: protocollo', 'POSTA CERTIFICATA: protocollo', false],
  ['[lista] protocollo', 'protocollo', false],
  ['[lista] Re: [altra] protocollo', 'protocollo', true],
  ['Re[2]: protocollo', 'protocollo', true],
  ['re [ due ] : protocollo', 'protocollo', true],
  ['re [due] x: protocollo', 're [due] x: protocollo', false],
  ['[lista]', '[lista]', false],
  ['Re: [lista] [altra]', '[altra]', true],
  ['Re: [lista]', '[lista]', true],
  ['protocollo (fwd)', 'protocollo', true],
  ['protocollo (Fwd) (fwd)', 'protocollo', true],
  ['[Fwd: Re: protocollo]', 'protocollo', true],
  ['[fwd: [fwd: protocollo (fwd)]  ]', 'protocollo', true],
  ['Re:', '', true],
  ['(fwd)', '', true],
  ['[[lista] protocollo', '[[lista] protocollo', false],
  ['rebus: protocollo', 'rebus: protocollo', false],
]

test('RFC 5256 2.1: the base subject', () => {
  for (const [subject, base, isReply] of CASES) assert.deepEqual(baseSubject(subject), { text: base, isReply }, subject)
})

test('a base subject has none of what is taken off, and is found in linear time', () => {
  const piece = fc.constantFrom('re', 'fwd', 'fw', ':', '[', ']', ' ', '(fwd)', '[fwd:', 'x', '\t', 'Re: ', '[a] ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const { text } = baseSubject(pieces.join(''))
      assert.deepEqual(baseSubject(text), { text, isReply: false })
    }),
  )
  const started = performance.now()
  for (const hostile of ['[a]', '[fwd:', 're[', '[', ' re', '[a] re']) baseSubject(hostile.repeat(100_000))
  assert.ok(performance.now() - started < 2000)
})
