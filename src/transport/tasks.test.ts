import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventSink } from '../base/events.ts'
import { createTasks, HERE } from './tasks.ts'

const noReport: EventSink = (name, data) => assert.fail(`${name} ${JSON.stringify(data)}`)
const MEGABYTE = 1024 * 1024
const load = (bytes: number) => ({ pieces: 1, bytes })

/** Work that goes on until it is told to end. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { work: () => promise, end: resolve }
}

test('a destination that takes all of its share leaves room for others', async () => {
  const tasks = createTasks(noReport, 'test', {
    each: { pieces: 2, bytes: 100, large: 1 },
    all: { pieces: 3, bytes: 1000, large: 1 },
  })
  const { work, end } = held()
  assert.ok(tasks.begin('slow', load(1), work))
  assert.ok(tasks.begin('slow', load(1), work))
  assert.equal(tasks.begin('slow', load(1), work), undefined)
  assert.ok(tasks.hasRoom())
  assert.ok(tasks.begin('quick', load(1), work))
  assert.equal(tasks.hasRoom(), false)
  assert.equal(tasks.begin('third', load(1), work), undefined)
  end()
  await tasks.settled()
  assert.ok(tasks.begin('slow', load(100), work))
  await tasks.settled()
})

test('what stays here finds room whatever goes to others, and has a share of its own', async () => {
  const tasks = createTasks(noReport, 'test', {
    each: { pieces: 1, bytes: 100, large: 1 },
    all: { pieces: 1, bytes: 100, large: 1 },
  })
  const { work, end } = held()
  assert.ok(tasks.begin('slow', load(1), work))
  assert.equal(tasks.begin('quick', load(1), work), undefined)
  assert.ok(tasks.begin(HERE, load(1), work))
  assert.equal(tasks.begin(HERE, load(1), work), undefined)
  end()
  await tasks.settled()
})

test('bytes count, and what is large counts by itself', async () => {
  const tasks = createTasks(noReport, 'test')
  const [small, large] = [held(), held()]
  assert.ok(tasks.begin('a', load(100 * MEGABYTE), large.work))
  assert.equal(tasks.begin('a', load(17 * MEGABYTE), large.work), undefined, 'one large message of a destination')
  assert.ok(tasks.begin('a', load(10 * MEGABYTE), small.work), 'small ones go past it')
  assert.equal(tasks.begin('a', load(10 * MEGABYTE), small.work), undefined, 'as many bytes as a destination may have')
  assert.ok(tasks.begin('b', load(17 * MEGABYTE), large.work))
  assert.equal(tasks.begin('c', load(17 * MEGABYTE), large.work), undefined, 'two large messages in all')
  for (const destination of ['b', 'c', 'd']) assert.ok(tasks.begin(destination, load(16 * MEGABYTE), small.work))
  assert.equal(tasks.begin('e', load(16 * MEGABYTE), small.work), undefined, 'as many bytes as there may be')
  large.end()
  small.end()
  await tasks.settled()
  assert.ok(tasks.begin('c', load(17 * MEGABYTE), large.work))
  await tasks.settled()
})

test('what the work throws is reported, its room is given back, and nobody has to look', async () => {
  const reported: unknown[] = []
  const tasks = createTasks((name, data) => reported.push([name, 'where' in data && data.where]), 'piece', {
    each: { pieces: 1, bytes: 1, large: 1 },
  })
  await tasks.begin('a', load(1), () => Promise.reject(new Error('out of order')))
  assert.deepEqual(reported, [['unexpected-error', 'piece']])
  assert.ok(tasks.begin('a', load(1), () => Promise.resolve()))
  await tasks.settled()
})

test('settled waits for what is begun while it waits, and for what is only tracked', async () => {
  const tasks = createTasks(noReport, 'test')
  const order: string[] = []
  void tasks.begin('a', load(1), async () => {
    await Promise.resolve()
    tasks.track(Promise.resolve().then(() => void order.push('tracked')))
    void tasks.begin('b', load(1), async () => {
      await Promise.resolve()
      order.push('begun')
    })
  })
  await tasks.settled()
  assert.deepEqual(order.sort(), ['begun', 'tracked'])
})

test('who waits in line begins when there is room, in the order of coming, and gives up after a while', async () => {
  const tasks = createTasks(noReport, 'test', { each: { pieces: 1, bytes: 100, large: 1 }, waitMs: 20 })
  const [first, second, third] = [held(), held(), held()]
  const begun: string[] = []
  const noted =
    (name: string, { work }: ReturnType<typeof held>) =>
    () => {
      begun.push(name)
      return work()
    }
  assert.equal(await tasks.beginInLine('a', load(1), noted('first', first)), true)
  assert.equal(await tasks.beginInLine('a', load(1), noted('late', third)), false, 'nothing made room')
  assert.equal(await tasks.beginInLine('b', load(1), noted('elsewhere', third)), true, 'another destination has its own line')
  const waiting = [
    tasks.beginInLine('a', load(1), noted('second', second)),
    tasks.beginInLine('a', load(1), noted('third', third)),
  ]
  first.end()
  assert.equal(await waiting[0], true)
  second.end()
  assert.equal(await waiting[1], true)
  assert.deepEqual(begun, ['first', 'elsewhere', 'second', 'third'])
  third.end()
  await tasks.settled()
})
