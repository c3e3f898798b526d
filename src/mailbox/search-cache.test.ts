import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSearchCache } from './search-cache.ts'

const columns = (...uids: number[]) => ({ uids: Uint32Array.from(uids), ranks: new Uint32Array(uids.length) })

test('columns are read again only for messages that they do not have', async () => {
  const cache = createSearchCache(1000)
  let reads = 0
  const of = (...uids: number[]) =>
    cache.of('a', uids, async () => {
      reads++
      return columns(...uids)
    })
  await of(1, 2, 5)
  for (const some of [[1, 2, 5], [2], [5], []]) assert.deepEqual([...(await of(...some)).uids], [1, 2, 5])
  assert.equal(reads, 1)
  for (const [some, expected] of [
    [[2, 3], 2],
    [[3], 2],
    [[1], 3],
    [[1, 6], 4],
  ] as const) {
    await of(...some)
    assert.equal(reads, expected, String(some))
  }
})

test('what was used longest ago goes when there is no more room', async () => {
  const cache = createSearchCache(2 * 16)
  const reads: string[] = []
  const use = (name: string) =>
    cache.of(name, [1, 2], async () => {
      reads.push(name)
      return columns(1, 2)
    })
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b', 'c']) await use(name)
  assert.deepEqual(reads, ['a', 'b', 'c', 'b', 'c'])
})
