import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBriefCache } from './brief-cache.ts'

function counting({ most = 10, lifetime = 100 } = {}) {
  const loads: string[] = []
  const clock = { now: 0 }
  const get = createBriefCache<string>({
    load: async (key, previous) => {
      loads.push(key)
      if (key === 'bad') throw new Error('bad')
      return `${previous ?? ''}${key}`
    },
    lifetime: () => lifetime,
    most,
    now: () => clock.now,
  })
  return { get, loads, clock }
}

test('those who ask at the same time share one question; later ones share the answer until it is too old', async () => {
  const { get, loads, clock } = counting()
  assert.deepEqual(await Promise.all([get('a'), get('a')]), ['a', 'a'])
  clock.now = 99
  assert.equal(await get('a'), 'a')
  assert.deepEqual(loads, ['a'])
  clock.now = 100
  assert.equal(await get('a'), 'aa')
  assert.deepEqual(loads, ['a', 'a'])
})

test('a failure is passed on and not kept', async () => {
  const { get, loads } = counting()
  await assert.rejects(get('bad'), /bad/)
  await assert.rejects(get('bad'), /bad/)
  assert.equal(loads.length, 2)
})

test('no more than so many are kept, the oldest go', async () => {
  const { get, loads } = counting({ most: 2 })
  for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await get(key)
  assert.deepEqual(loads, ['a', 'b', 'c', 'a'])
})
