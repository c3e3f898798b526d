import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createBatcher } from './batcher.ts'
import { temporaryError } from './errors.ts'

/** A promise that is settled from outside. */
function deferred() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, open: () => resolve() }
}

test('a lone item goes at once; what comes meanwhile goes together, in order', async () => {
  const batches: string[][] = []
  const first = deferred()
  const add = createBatcher<string, string>(async (key, items) => {
    batches.push(items.map((item) => `${key}${item}`))
    if (batches.length === 1) await first.promise
    return items.map((item) => item.toUpperCase())
  })
  const all = Promise.all([add('k', 'a'), add('k', 'b'), add('k', 'c')])
  assert.deepEqual(batches, [['ka']])
  first.open()
  assert.deepEqual(await all, ['A', 'B', 'C'])
  assert.deepEqual(batches, [['ka'], ['kb', 'kc']])
  assert.equal(await add('k', 'd'), 'D')
})

test('keys do not wait for one another', async () => {
  const blocked = deferred()
  const add = createBatcher<number, number>(async (key, items) => {
    if (key === 'slow') await blocked.promise
    return items
  })
  const slow = add('slow', 1)
  assert.equal(await add('fast', 2), 2)
  blocked.open()
  assert.equal(await slow, 1)
})

test('a temporary error reaches all of its batch and nobody else, also one that is thrown at once', async () => {
  const first = deferred()
  let runs = 0
  const add = createBatcher<number, number>((_, items) => {
    runs++
    if (runs === 2) throw temporaryError('database-unavailable', 'no database')
    return runs === 1 ? first.promise.then(() => items) : Promise.resolve(items)
  }, 2)
  const results = Promise.allSettled([add('k', 0), add('k', 1), add('k', 2), add('k', 3)])
  first.open()
  assert.deepEqual(
    (await results).map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    [0, 'CeralaccaError: no database', 'CeralaccaError: no database', 3],
  )
})

test('any other error of a batch is that of the items that cause it', async () => {
  const add = createBatcher<number, number>((_, items) =>
    items.includes(2) ? Promise.reject(new Error('spoilt')) : Promise.resolve(items),
  )
  const results = await Promise.allSettled([add('k', 0), add('k', 1), add('k', 2), add('k', 3)])
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    [0, 1, 'Error: spoilt', 3],
  )
})

test('a run that answers not one result per item is an error, never a success', async () => {
  for (const answers of [[], ['one', 'two']]) {
    const add = createBatcher<string, string>(() => Promise.resolve(answers))
    await assert.rejects(add('k', 'a'), { code: 'batch-results', fault: 'bug' })
  }
})

const plan = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), spoilt: fc.boolean(), pause: fc.boolean() }), {
  maxLength: 40,
})

test('property: whatever the timing, every item is answered once with its own result, in the order of its key', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), plan, fc.integer({ min: 1, max: 5 }), async (scheduler, plan, most) => {
      const seen = new Map<string, number[]>()
      const failed = new Set<number>()
      const running = new Set<string>()
      const add = createBatcher<number, string>(async (key, items) => {
        assert.ok(!running.has(key), 'one run of a key at a time')
        assert.ok(items.length >= 1 && items.length <= most)
        running.add(key)
        seen.set(key, [...(seen.get(key) ?? []), ...items])
        await scheduler.schedule(Promise.resolve())
        running.delete(key)
        if (!items.some((item) => plan[item]?.spoilt)) return items.map((item) => `${key}${item}`)
        for (const item of items) failed.add(item)
        throw temporaryError('spoilt', `spoilt ${items.join(' ')}`)
      }, most)
      const results: Promise<string>[] = []
      for (const [index, { key, pause }] of plan.entries()) {
        results.push(add(key, index))
        if (pause && scheduler.count() > 0) await scheduler.waitOne()
      }
      const [settled] = await Promise.all([Promise.allSettled(results), scheduler.waitIdle()])
      for (const [index, result] of settled.entries()) {
        assert.equal(result.status === 'rejected', failed.has(index))
        if (result.status === 'fulfilled') assert.equal(result.value, `${plan[index]?.key}${index}`)
        else assert.ok(String(result.reason).split(' ').includes(String(index)), 'the error of its own batch')
      }
      for (const key of ['a', 'b', 'c']) {
        assert.deepEqual(
          seen.get(key) ?? [],
          plan.flatMap((item, index) => (item.key === key ? [index] : [])),
        )
      }
    }),
  )
})
