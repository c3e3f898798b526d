/** With real UDP servers of the test's own, which lie by a set offset. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test, type TestContext } from 'node:test'
import type { EventSink } from '../base/events.ts'
import { createClockAlarm, measureClock } from './clock-watch.ts'
import { medianOf, readTimestamp, writeTimestamp, type TimeServer } from './sntp.ts'

interface Liar extends TimeServer {
  /** how far its clock is before ours */
  offsetMs: number
  spoil: (answer: Buffer) => Buffer | null
}

async function timeServer(t: TestContext, offsetMs: number): Promise<Liar> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve)
  })
  t.after(() => socket.close())
  const liar: Liar = { host: '127.0.0.1', port: socket.address().port, offsetMs, spoil: (answer) => answer }
  socket.on('message', (question, { port, address }) => {
    assert.equal(question.length, 48)
    assert.equal(question[0], 0x23)
    const answer = Buffer.alloc(48)
    answer.writeUInt8(0x24, 0)
    answer.writeUInt8(2, 1)
    question.copy(answer, 24, 40, 48)
    writeTimestamp(answer, 32, Date.now() + liar.offsetMs)
    writeTimestamp(answer, 40, Date.now() + liar.offsetMs)
    const spoilt = liar.spoil(answer)
    if (spoilt) socket.send(spoilt, port, address)
  })
  return liar
}

const near = (value: number | null, expected: number): void => {
  assert.ok(value !== null && Math.abs(value - expected) < 100, `${value} is not near ${expected}`)
}
const measure = (...servers: TimeServer[]) => measureClock({ servers, now: Date.now, timeoutMs: 300 })

test('the offset is what the server lies by, and the middle of several', async (t) => {
  near((await measure(await timeServer(t, 0))).offsetMs, 0)
  near((await measure(await timeServer(t, 86_400_000))).offsetMs, -86_400_000)
  const three = [await timeServer(t, 2500), await timeServer(t, 2400), await timeServer(t, -9_000_000)]
  const { offsetMs, servers } = await measure(...three)
  near(offsetMs, -2400)
  assert.equal(servers, 3)
})

test('what is no good answer is none', async (t) => {
  const server = await timeServer(t, 0)
  const changed = (change: (answer: Buffer) => void) => (answer: Buffer) => {
    change(answer)
    return answer
  }
  const bad: Record<string, Liar['spoil']> = {
    'has not answered': () => null,
    'too short': (answer) => answer.subarray(0, 40),
    'no answer of a server': changed((answer) => answer.writeUInt8(0x23, 0)),
    'no answer to what was asked': changed((answer) => answer.writeUInt8((answer.readUInt8(30) + 1) % 256, 30)),
    'clock is not right': changed((answer) => answer.writeUInt8(0xe4, 0)),
    'own clock is not right': changed((answer) => answer.writeUInt8(0, 1)),
    'has no time': changed((answer) => answer.fill(0, 40)),
  }
  for (const [says, spoil] of Object.entries(bad)) {
    server.spoil = spoil
    const { offsetMs, problems } = await measure(server)
    assert.equal(offsetMs, null)
    assert.match(problems.join(), new RegExp(says))
  }
  server.spoil = () => null
  near((await measure(server, await timeServer(t, 3000))).offsetMs, -3000)
})

test('time stamps of the era after 2036', () => {
  for (const text of [
    '2026-03-15T09:30:21.500Z',
    '2036-02-07T06:28:15.000Z',
    '2036-02-07T06:28:16.250Z',
    '2050-01-01T00:00:00.125Z',
  ]) {
    const packet = Buffer.alloc(8)
    writeTimestamp(packet, 0, Date.parse(text))
    assert.equal(new Date(readTimestamp(packet, 0)).toISOString(), text)
  }
  assert.equal(medianOf([]), null)
  assert.equal(medianOf([4, 1, 3, 2]), 2.5)
})

function watched(servers: readonly TimeServer[], synchronised: boolean | null = null) {
  const clock = { passed: 0 }
  const told: string[] = []
  const report: EventSink = (name, data) =>
    void told.push('milliseconds' in data ? `${name} ${Math.sign(data.milliseconds)}` : name)
  // The alarm's own time goes on beside the clock that is measured.
  const now = (): number => Date.now() + clock.passed
  const look = createClockAlarm({ servers, synchronised: async () => synchronised, report, now, timeoutMs: 300 })
  return { clock, told, look }
}

test('an alarm over one second, again after an hour, and its end below half a second', async (t) => {
  const server = await timeServer(t, 900)
  const { clock, told, look } = watched([server])
  // The test's server goes with the same clock.
  const at = async (offset: number): Promise<void> => {
    server.offsetMs = offset + clock.passed
    await look()
  }
  await at(900)
  assert.deepEqual(told, [])
  await at(1500)
  await at(1500)
  assert.deepEqual(told, ['clock-offset -1'])
  await at(800)
  await at(1500)
  assert.deepEqual(told, ['clock-offset -1'])
  clock.passed += 3_600_001
  await at(1500)
  assert.deepEqual(told, ['clock-offset -1', 'clock-offset -1'])
  await at(-200)
  await at(-1500)
  assert.deepEqual(told.slice(2), ['clock-good-again 1', 'clock-offset 1'])
})

test('nobody who can tell is told too, once', async (t) => {
  const server = await timeServer(t, 0)
  server.spoil = () => null
  const silent = watched([server])
  await silent.look()
  await silent.look()
  assert.deepEqual(silent.told, ['clock-unwatched'])
  server.spoil = (answer) => answer
  await silent.look()
  server.spoil = () => null
  await silent.look()
  assert.deepEqual(silent.told, ['clock-unwatched', 'clock-unwatched'])
  for (const [state, expected] of [
    [true, 0],
    [false, 1],
    [null, 1],
  ] as const) {
    const system = watched([], state)
    await system.look()
    assert.equal(system.told.length, expected)
  }
})
