import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MANY_BYTES, workAhead } from './work-ahead.ts'

async function* numbers(count: number): AsyncIterable<number> {
  for (let number = 0; number < count; number++) yield number
}

/** Work that ends when it is told to. */
function manual() {
  const begun: number[] = []
  const endings = new Map<number, (error?: Error) => void>()
  const start = (number: number): Promise<number> => {
    begun.push(number)
    return new Promise((resolve, reject) => {
      endings.set(number, (error) => (error ? reject(error) : resolve(number)))
    })
  }
  return { begun, start, end: (number: number, error?: Error) => endings.get(number)?.(error) }
}

test('outcomes come in order, whatever is done first', async () => {
  const { start, end } = manual()
  const taken: number[] = []
  const all = workAhead(numbers(3), { bytes: () => 1, start, take: (number) => void taken.push(number) })
  await nextTurn()
  end(2)
  end(1)
  await nextTurn()
  assert.deepEqual(taken, [])
  end(0)
  await all
  assert.deepEqual(taken, [0, 1, 2])
})

test('no more is begun than bytes allow; one thing always is, however large', async () => {
  const { begun, start, end } = manual()
  const all = workAhead(numbers(4), {
    bytes: (number) => (number === 3 ? 100 * MANY_BYTES : MANY_BYTES),
    start,
    take: () => undefined,
  })
  await nextTurn()
  assert.deepEqual(begun, [0, 1])
  end(0)
  await nextTurn()
  assert.deepEqual(begun, [0, 1, 2])
  end(1)
  end(2)
  await nextTurn()
  assert.deepEqual(begun, [0, 1, 2, 3])
  end(3)
  await all
})

test('what fails is told in its turn, and nothing is begun any more', async () => {
  const { begun, start, end } = manual()
  const taken: number[] = []
  const all = workAhead(numbers(9), { bytes: () => MANY_BYTES, start, take: (number) => void taken.push(number) })
  const failed = assert.rejects(all, /broken/)
  await nextTurn()
  end(1, new Error('broken'))
  await nextTurn()
  end(0)
  await nextTurn()
  end(2)
  await failed
  assert.deepEqual([taken, begun], [[0], [0, 1, 2]])
})
