import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { uuidv7 } from '../../base/ids.ts'
import { Refusal } from './errors.ts'
import { Maildrop } from './maildrop.ts'

const snapshotOf = (sizes: readonly number[]) => ({
  folder: 'f',
  uidValidity: 1_700_000_000,
  messages: sizes.map((size, index) => ({ uid: 4_294_967_000 + 3 * index, size, content: uuidv7() })),
})

test('numbers stay, whatever is marked; counts and sizes are of what is left', () => {
  const maildrop = new Maildrop(snapshotOf([10, 20, 3_000_000_000]))
  maildrop.delete(2)
  assert.deepEqual([maildrop.count, maildrop.octets, [...maildrop.numbers()]], [2, 3_000_000_010, [1, 3]])
  assert.equal(maildrop.uniqueId(3), '1700000000.4294967006')
  assert.throws(() => maildrop.delete(2), Refusal)
  for (const number of [0, -1, 4, 1.5, 9_999_999_999]) assert.throws(() => maildrop.message(number), Refusal)
  maildrop.reset()
  assert.deepEqual([maildrop.count, maildrop.octets, maildrop.deletedUids()], [3, 3_000_000_030, []])
})

test('it does what a plain list does', () => {
  const steps = fc.array(fc.oneof(fc.nat(8), fc.constant('reset' as const)), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 7 }), steps, (sizes, steps) => {
      const snapshot = snapshotOf(sizes)
      const maildrop = new Maildrop(snapshot)
      const marked = new Set<number>()
      for (const step of steps) {
        if (step === 'reset') {
          maildrop.reset()
          marked.clear()
        } else if (step >= 1 && step <= sizes.length && !marked.has(step)) {
          maildrop.delete(step)
          marked.add(step)
        } else assert.throws(() => maildrop.delete(step), Refusal)
        const left = snapshot.messages.filter((_, index) => !marked.has(index + 1))
        assert.equal(maildrop.count, left.length)
        assert.equal(
          maildrop.octets,
          left.reduce((sum, { size }) => sum + size, 0),
        )
        assert.deepEqual(
          [...maildrop.numbers()].map((number) => maildrop.message(number)),
          left,
        )
        assert.deepEqual(
          maildrop.deletedUids().sort((a, b) => a - b),
          snapshot.messages.filter((_, index) => marked.has(index + 1)).map(({ uid }) => uid),
        )
      }
    }),
  )
})
