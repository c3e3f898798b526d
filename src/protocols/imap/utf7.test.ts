import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeUtf7, encodeUtf7 } from './utf7.ts'

test('RFC 3501 5.1.3: the examples, and Italian names', () => {
  assert.equal(decodeUtf7('~peter/mail/&U,BTFw-/&ZeVnLIqe-'), '~peter/mail/台北/日本語')
  assert.equal(encodeUtf7('~peter/mail/台北/日本語'), '~peter/mail/&U,BTFw-/&ZeVnLIqe-')
  assert.equal(encodeUtf7('Entità & affini'), 'Entit&AOA- &- affini')
  assert.equal(decodeUtf7('Entit&AOA- &- affini'), 'Entità & affini')
  assert.equal(encodeUtf7('📮'), '&2D3c7g-')
})

test('malformed runs stay as they are', () => {
  for (const wire of ['a&b', '&AO-', '&Jjo!', '&AGE-', '&']) assert.equal(decodeUtf7(wire), wire)
})

test('every name comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const wire = encodeUtf7(name)
      assert.match(wire, /^[\x20-\x7e]*$/)
      assert.equal(decodeUtf7(wire), name)
    }),
  )
})
