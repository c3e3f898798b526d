import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { slotOf, uuidv7 } from './ids.ts'

/** RFC 9562 5.7: time, version 7, variant 10. */
const UUIDV7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('property: an id is well-formed and holds its millisecond', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 1 }), (at) => {
      const [, high = '', low = ''] = UUIDV7.exec(uuidv7(at)) ?? assert.fail()
      assert.equal(Number.parseInt(high + low, 16), at)
    }),
  )
})

test('property: an id of a later millisecond sorts after one of an earlier', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 1 }), fc.nat({ max: 2 ** 48 - 1 }), (a, b) => {
      fc.pre(a !== b)
      assert.equal(uuidv7(a) < uuidv7(b), a < b)
    }),
  )
})

test('ids of one millisecond differ, in every random bit', () => {
  const at = Date.UTC(2026, 0, 1)
  const ids = Array.from({ length: 5000 }, () => uuidv7(at))
  assert.equal(new Set(ids).size, ids.length)
  const bits = ids.map((id) => BigInt(`0x${id.replaceAll('-', '')}`))
  const [ones, zeros] = [bits.reduce((all, one) => all | one), bits.reduce((all, one) => all & one)]
  const random = (ones ^ zeros).toString(2)
  assert.equal(random.replaceAll('0', '').length, 74)
})

test('without an instant an id is of now', () => {
  const before = Date.now()
  const at = Number.parseInt(uuidv7().replace('-', '').slice(0, 12), 16)
  assert.ok(at >= before && at <= Date.now())
})

test('slots are fixed for ever', () => {
  // printf KEY | sha256sum: the first four hexadecimal digits, modulo 4096
  assert.equal(slotOf('mario.rossi@pec.example.it'), 0x2bca % 4096)
  assert.equal(slotOf('0198c0de-0000-7000-8000-000000000000'), 0x05eb)
  assert.equal(slotOf(''), 0xe3b0 % 4096)
})

test('property: a slot is a number from 0 to 4095, and all are used', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const slot = slotOf(key)
      assert.ok(Number.isInteger(slot) && slot >= 0 && slot < 4096)
    }),
  )
  assert.equal(new Set(Array.from({ length: 60_000 }, (_, index) => slotOf(String(index)))).size, 4096)
})
