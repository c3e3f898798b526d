import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Buffer as Own } from './buffer.ts'

const ENCODINGS = ['utf8', 'latin1', 'hex', 'base64'] as const
const CHARACTERS = [...Array.from('0123456789abcdefABCDEF z=+/-_\r\n'), 'à', '\u0100', '\ud800']
const encoding = fc.constantFrom(...ENCODINGS)
const bytes = fc.uint8Array({ maxLength: 80 })
const plain = (of: Uint8Array): number[] => [...of]
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...CHARACTERS) }),
  bytes.map((of) => Buffer.from(of).toString('base64')),
)

test('property: texts become the bytes, and bytes the texts, that Node says', () => {
  fc.assert(
    fc.property(text, encoding, (text, encoding) => {
      assert.deepEqual(plain(Own.from(text, encoding)), plain(Buffer.from(text, encoding)))
      assert.equal(Own.byteLength(text), Buffer.byteLength(text))
    }),
  )
  fc.assert(
    fc.property(bytes, encoding, fc.nat(90), fc.nat(90), (bytes, encoding, start, end) => {
      assert.equal(Own.from(bytes).toString(encoding), Buffer.from(bytes).toString(encoding))
      assert.equal(Own.from(bytes).toString(encoding, start, end), Buffer.from(bytes).toString(encoding, start, end))
    }),
  )
})

test('a long text in pieces is whole', () => {
  const long = Buffer.alloc(20_000, 'àbc')
  for (const encoding of ENCODINGS) assert.equal(Own.from(long).toString(encoding), long.toString(encoding))
})

test('property: what is looked for is found where Node finds it', () => {
  const few = fc.array(fc.nat(2), { maxLength: 30 })
  const wanted = fc.array(fc.nat(2), { maxLength: 3 })
  fc.assert(
    fc.property(few, wanted, fc.nat(35), (bytes, wanted, from) => {
      const [own, theirs] = [Own.from(bytes), Buffer.from(bytes)]
      assert.equal(own.indexOf(Own.from(wanted), from), theirs.indexOf(Buffer.from(wanted), from))
      const text = String.fromCharCode(...wanted)
      assert.equal(own.indexOf(text, from), theirs.indexOf(text, from))
      assert.equal(own.indexOf(wanted[0] ?? 0, from), theirs.indexOf(wanted[0] ?? 0, from))
      assert.equal(own.equals(Own.from(wanted)), theirs.equals(Buffer.from(wanted)))
      assert.equal(Own.compare(own, Own.from(wanted)), Buffer.compare(theirs, Buffer.from(wanted)))
      assert.deepEqual(plain(Own.concat([own, Own.from(wanted)])), [...bytes, ...wanted])
    }),
  )
})

test('copies are copies, views are views', () => {
  const memory = Uint8Array.of(1, 2, 3, 4, 5, 6)
  const view = Own.from(memory.buffer, 1, 4)
  const copy = Own.from(memory)
  memory[2] = 9
  assert.deepEqual([plain(view), plain(copy)], [[2, 9, 4, 5], plain(Own.from([1, 2, 3, 4, 5, 6]))])
  assert.equal(view.subarray(1, 3).readUIntBE(0, 2), Buffer.from([9, 4]).readUIntBE(0, 2))
  assert.throws(() => view.readUIntBE(3, 2), RangeError)
  const target = Own.alloc(3)
  assert.equal(view.copy(target, 1, 1, 4), 2)
  assert.deepEqual(plain(target), [0, 9, 4])
})
