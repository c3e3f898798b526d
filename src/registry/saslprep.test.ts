import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { saslprep } from './saslprep.ts'

test('the examples of RFC 4013', () => {
  assert.equal(saslprep('I\u00adX'), 'IX')
  assert.equal(saslprep('user'), 'user')
  assert.equal(saslprep('USER'), 'USER')
  assert.equal(saslprep('\u00aa'), 'a')
  assert.equal(saslprep('\u2168'), 'IX')
  assert.equal(saslprep('\u0007'), undefined)
  assert.equal(saslprep('\u06271'), undefined)
})

test('one form, whatever keyboard', () => {
  assert.equal(saslprep('perche\u0301'), 'perch\u00e9')
  assert.equal(saslprep('una\u00a0parola\u3000lunga'), 'una parola lunga')
  assert.equal(saslprep('\ufb01ne'), 'fine')
  assert.equal(saslprep('sar\u00e0 \u{1f600}'), 'sar\u00e0 \u{1f600}')
})

test('what no password may hold', () => {
  const characters = [
    '\0',
    '\n',
    '\u007f',
    '\u0085',
    '\u2028',
    '\ue000',
    '\ud800',
    '\ufffd',
    '\ufdd0',
    '\uffff',
    '\u202e',
    '\u{e0041}',
    '\u{1fffe}',
  ]
  for (const character of characters) assert.equal(saslprep(`parola è${character}lunga`), undefined, character)
  assert.equal(saslprep(''), undefined)
  assert.equal(saslprep('\u00ad'), undefined)
})

test('from right to left, or from left to right', () => {
  assert.equal(saslprep('\u05d0\u05d1\u05d2'), '\u05d0\u05d1\u05d2')
  assert.equal(saslprep('\u06271\u0628'), '\u06271\u0628')
  assert.equal(saslprep('\u05d0a\u05d1'), undefined)
  assert.equal(saslprep('a\u05d0'), undefined)
})

test('property: what is prepared stays as it is, and plain ASCII is never touched', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const prepared = saslprep(text)
      if (prepared !== undefined) assert.equal(saslprep(prepared), prepared)
      if (/^[ -~]+$/.test(text)) assert.equal(prepared, text)
    }),
    { numRuns: 2000 },
  )
})
