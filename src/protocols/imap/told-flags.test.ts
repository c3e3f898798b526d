import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ToldFlags } from './told-flags.ts'
import type { FlagSet } from './told-flags.ts'

const flagSet: fc.Arbitrary<FlagSet> = fc
  .tuple(fc.nat(31), fc.subarray(['a', 'b', 'c', '$Forwarded'], { maxLength: 3 }))
  .map(([flags, keywords]) => ({ flags, keywords }))

test('flags come back as they were, however many, and however many were added', () => {
  const lists = fc.oneof(fc.array(flagSet, { maxLength: 40 }), fc.array(flagSet, { minLength: 300, maxLength: 600 }))
  fc.assert(
    fc.property(lists, lists, (sets, added) => {
      const told = new ToldFlags(sets.length, sets)
      for (const set of added) told.add(set)
      const setOf = told.unpack()
      for (const [index, set] of [...sets, ...added].entries()) assert.deepEqual(setOf(index), set)
      assert.equal(setOf(sets.length + added.length), undefined)
    }),
  )
})

test('more combinations than a byte can name, and a long row of additions', () => {
  const sets = Array.from({ length: 10_000 }, (_, index) => ({ flags: index % 32, keywords: [`k${index % 500}`] }))
  const told = new ToldFlags(1000, sets.slice(0, 1000))
  for (const set of sets.slice(1000)) told.add(set)
  const setOf = told.unpack()
  for (const [index, set] of sets.entries()) assert.deepEqual(setOf(index), set)
})
