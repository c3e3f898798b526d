import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBase64Lines, encodeQuotedPrintable } from './encoding.ts'
import { decodeQuotedPrintable, decodeTransfer } from './transfer-encoding.ts'

const decode = (text: string): string => decodeQuotedPrintable(Buffer.from(text, 'latin1')).toString('latin1')

test('quoted-printable: escapes, soft line breaks, and what is neither', () => {
  assert.equal(decode('caff=E8 =3D=3d\r\n'), 'caff\xe8 ==\r\n')
  assert.equal(decode('one =\r\nline= \t\nmore='), 'one linemore')
  assert.equal(decode('1=2 =ZZ =4'), '1=2 =ZZ =4')
})

test('what was encoded comes back', () => {
  const text = fc
    .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constant('\r\n')))
    .map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(text, (text) => {
      const latin1 = text.replace(/[^\x00-\xff]/g, '?').replace(/(?<!\r)\n|\r(?!\n)/g, '')
      assert.equal(decode(encodeQuotedPrintable(latin1)), latin1)
      const bytes = Buffer.from(latin1, 'latin1')
      assert.deepEqual(decodeTransfer(Buffer.from(encodeBase64Lines(bytes)), 'base64'), bytes)
    }),
  )
})

test('any bytes: never throws, never grows', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.ok(decodeQuotedPrintable(Buffer.from(bytes)).length <= bytes.length)
    }),
  )
})
