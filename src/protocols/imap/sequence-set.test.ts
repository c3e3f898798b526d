import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { commonRanges, formatSequenceSet, formatUidPairs, parseSequenceSet, rangesOf, resolveRanges } from './sequence-set.ts'
import type { NumberRange } from './sequence-set.ts'

test('what is a set and what is not', () => {
  assert.deepEqual(parseSequenceSet('1,3:*,*:2'), [
    [1, 1],
    [3, Infinity],
    [Infinity, 2],
  ])
  for (const wrong of ['', '0', '1:', ':1', '1,,2', '-1', 'a', '1:2:3', '4294967296', '99999999999', '1;2']) {
    assert.equal(parseSequenceSet(wrong), undefined, wrong)
  }
  assert.deepEqual(resolveRanges([[Infinity, 5]], 9), [[5, 9]])
  // RFC 3501 9: "n:*" contains the largest even if n is larger.
  assert.deepEqual(resolveRanges([[559, Infinity]], 10), [[10, 559]])
})

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 }).map((list) => list.sort((a, b) => a - b))

const expand = (ranges: readonly NumberRange[]): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))

test('numbers → set → numbers', () => {
  fc.assert(
    fc.property(numbers, (list) => {
      if (list.length === 0) return
      const ranges = resolveRanges(parseSequenceSet(formatSequenceSet(list)) ?? [], 100)
      assert.deepEqual(expand(ranges), list)
      for (let at = 1; at < ranges.length; at++) assert.ok((ranges[at]?.[0] ?? 0) > (ranges[at - 1]?.[1] ?? 0) + 1)
    }),
  )
})

test('common ranges are those of the numbers in both', () => {
  fc.assert(
    fc.property(numbers, numbers, (some, others) => {
      assert.deepEqual(
        expand(commonRanges(rangesOf(some), rangesOf(others))),
        some.filter((number) => others.includes(number)),
      )
      assert.deepEqual(expand(rangesOf(some)), some)
    }),
  )
  assert.deepEqual(commonRanges([[2, 5]], [[4, Infinity]]), [[4, 5]])
})

test('resolving: the union of the ranges, whatever their order', () => {
  const bound = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(Infinity))
  fc.assert(
    fc.property(fc.array(fc.tuple(bound, bound), { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (set, largest) => {
      const model = new Set<number>()
      for (const [a, b] of set) {
        const [from, to] = [Math.min(a, largest + 1000), Math.min(b, largest + 1000)].map((n, i) =>
          [a, b][i] === Infinity ? largest : n,
        ) as [number, number]
        for (let n = Math.min(from, to); n <= Math.max(from, to); n++) model.add(n)
      }
      assert.deepEqual(
        expand(resolveRanges(set, largest)),
        [...model].sort((a, b) => a - b),
      )
    }),
  )
})

test('COPYUID: pairs keep their order', () => {
  fc.assert(
    fc.property(
      numbers,
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      (list, first, gaps) => {
        let next = first
        const pairs = list.map((uid, index): [number, number] => [uid, (next += gaps[index] ? 2 : 1)])
        const [source, destination] = formatUidPairs(pairs)
        if (pairs.length === 0) return
        assert.deepEqual(
          expand((parseSequenceSet(source) ?? []) as NumberRange[]),
          pairs.map(([uid]) => uid),
        )
        assert.deepEqual(
          expand((parseSequenceSet(destination) ?? []) as NumberRange[]),
          pairs.map(([, uid]) => uid),
        )
      },
    ),
  )
})
