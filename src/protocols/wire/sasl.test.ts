import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64, readPlain } from './sasl.ts'

test('base64 is taken whole or not at all (RFC 5034 4)', () => {
  assert.equal(decodeBase64('w6g='), 'è')
  assert.equal(decodeBase64('='), '')
  assert.equal(decodeBase64(''), '')
  for (const line of ['w6g', '=AAA', 'AAA=BBB=', 'w6g=\t', 'w6 =', 'w6g-', '===='])
    assert.equal(decodeBase64(line), undefined, line)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = Buffer.from(text)
      assert.equal(decodeBase64(bytes.toString('base64')), bytes.toString())
    }),
  )
})

test('PLAIN: three parts, for oneself only (RFC 4616)', () => {
  assert.deepEqual(readPlain('\0a@pec.it\0p w'), { user: 'a@pec.it', password: 'p w' })
  assert.deepEqual(readPlain('A@pec.it\0a@pec.it\0'), { user: 'a@pec.it', password: '' })
  assert.equal(readPlain('b@pec.it\0a@pec.it\0p'), 'other-identity')
  for (const message of ['', 'a@pec.it', 'a@pec.it\0p', '\0\0p', '\0a@pec.it\0p\0x'])
    assert.equal(readPlain(message), 'malformed')
})
