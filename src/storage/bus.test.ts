import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { createBus } from './bus.ts'
import type { Bus } from './bus.ts'
import { packPayloads } from './bus-link.ts'
import { withTestDatabase } from './test-database.ts'

const { connection } = await withTestDatabase({ after })
const warn = (): void => undefined
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('a hint arrives after the turn in which it was given, once for many', async () => {
  const bus = createBus({ warn })
  let a = 0
  let b = 0
  const counts: number[] = []
  bus.subscribe('a', () => a++)
  bus.subscribe('a', (hints) => {
    a++
    counts.push(hints)
  })
  bus.subscribe('b', () => b++)
  for (let i = 0; i < 5; i++) bus.publish('a')
  assert.equal(a, 0)
  await turn()
  assert.deepEqual([a, b], [2, 0])
  assert.deepEqual(counts, [5])
  await bus.close()
})

test('who ended his subscription hears no more; the others do, also when one throws', async () => {
  const warnings: string[] = []
  const bus = createBus({ warn: (message) => warnings.push(message) })
  const heard: string[] = []
  const listener = (): void => void heard.push('first')
  const end = bus.subscribe('a', listener)
  bus.subscribe('a', listener)
  bus.subscribe('a', () => {
    throw new Error('broken listener')
  })
  bus.subscribe('a', () => heard.push('last'))
  bus.publish('a')
  end()
  end()
  await turn()
  assert.deepEqual(heard, ['first', 'last'])
  assert.match(warnings.join(), /broken listener/)
  await bus.close()
})

test('who follows all hears every hint, also where another follower throws', async () => {
  const warnings: string[] = []
  const bus = createBus({ warn: (message) => warnings.push(message) })
  const heard: string[] = []
  bus.subscribeAll(() => {
    throw new Error('broken follower')
  })
  bus.subscribeAll((key) => heard.push(key))
  bus.publish('a')
  bus.publish('b')
  assert.deepEqual([heard, warnings.length], [['a', 'b'], 2])
  await bus.close()
  bus.publish('c')
  assert.deepEqual(heard, ['a', 'b'])
})

test('payloads hold the sender and all keys, each below 8000 bytes', () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `${'è'.repeat(index % 40)}${index}`)
  const payloads = packPayloads('sender', ['x'.repeat(9000), ...keys])
  assert.ok(payloads.length > 1)
  assert.ok(payloads.every((payload) => Buffer.byteLength(payload) < 8000 && payload.startsWith('sender\n')))
  assert.deepEqual(
    payloads.flatMap((payload) => payload.split('\n').slice(1)),
    keys,
  )
  assert.deepEqual(packPayloads('sender', []), [])
})

/** Publishes until the other bus hears it: a bus may lose hints while it connects. */
async function untilHeard(from: Bus, to: Bus, key: string): Promise<void> {
  const heard = new Promise<void>((resolve) => to.subscribe(key, () => resolve()))
  const again = setInterval(() => from.publish(key), 20)
  from.publish(key)
  await heard
  clearInterval(again)
}

test('hints reach other processes, and their own process once only', async () => {
  const [a, b] = [createBus({ address: connection, warn }), createBus({ address: connection, warn })]
  await untilHeard(a, b, 'up')
  await untilHeard(b, a, 'up too')
  let own = 0
  let other = 0
  a.subscribe('x', () => own++)
  b.subscribe('x', () => other++)
  for (let i = 0; i < 1000; i++) a.publish(`much-${i}`)
  a.publish('x')
  // Notifications keep their order: when these were heard, those before were, too.
  await untilHeard(a, b, 'end')
  await untilHeard(b, a, 'end too')
  assert.deepEqual([own, other], [1, 1])
  await Promise.all([a.close(), b.close()])
})

test('connects again after its connection was cut', async () => {
  const [a, b] = [createBus({ address: connection, warn }), createBus({ address: connection, warn })]
  await untilHeard(a, b, 'before')
  const admin = new Client({ ...connection })
  await admin.connect()
  const cut = await admin.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'ceralacca bus'`,
  )
  await admin.end()
  assert.equal(cut.rowCount, 2)
  await untilHeard(a, b, 'after')
  await Promise.all([a.close(), b.close()])
})

test('without a reachable database it still works within the process, and closes', async () => {
  const warnings: string[] = []
  const bus = createBus({ address: { ...connection, host: '/nonexistent' }, warn: (message) => warnings.push(message) })
  let heard = 0
  bus.subscribe('a', () => heard++)
  bus.publish('a')
  await turn()
  assert.equal(heard, 1)
  while (warnings.length < 2) await pause(10)
  await bus.close()
})
