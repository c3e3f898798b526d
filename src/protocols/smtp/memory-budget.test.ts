import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createMemoryBudget } from './memory-budget.ts'

test('claims share one budget; what is released is free again, once', () => {
  const budget = createMemoryBudget(100)
  const [one, two] = [budget.claim(), budget.claim()]
  assert.equal(one.add(60), true)
  assert.equal(two.add(41), false)
  assert.equal(two.add(40), true)
  assert.equal(two.add(1), false)
  one.release()
  one.release()
  assert.equal(two.add(60), true)
  assert.equal(two.add(1), false)
  two.release()
  assert.equal(budget.claim().add(100), true)
})

test('property: never more than the budget is held, and nothing is lost', () => {
  const step = fc.record({ claim: fc.nat({ max: 3 }), bytes: fc.option(fc.nat({ max: 60 })) })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = createMemoryBudget(100)
      const claims = Array.from({ length: 4 }, () => budget.claim())
      const held = [0, 0, 0, 0]
      for (const { claim, bytes } of steps) {
        if (bytes === null) {
          claims[claim]?.release()
          held[claim] = 0
        } else {
          const fits = held.reduce((sum, one) => sum + one, 0) + bytes <= 100
          assert.equal(claims[claim]?.add(bytes), fits)
          if (fits) held[claim] = (held[claim] ?? 0) + bytes
        }
      }
    }),
  )
})
