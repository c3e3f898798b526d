/** Against the real clamd, and against servers that behave as a broken one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { CLAMD_STREAM_BYTES, EICAR, EICAR_NAME, startClamd } from '../../test/support/clamd.ts'
import { defer } from '../../test/support/cleanup.ts'
import { requireTools } from '../../test/support/tools.ts'
import { createClamd } from './clamd.ts'

const UNAVAILABLE = { code: 'scanner-unavailable', fault: 'temporary' }
const MESSAGE = Buffer.from('Subject: x\r\n\r\nx\r\n')

/** A server that treats each connection its own way. */
async function server(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>()
  const listener = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    serve(socket)
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  defer(t, () => {
    listener.close()
    for (const socket of open) socket.destroy()
  })
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`
}

test('the real clamd: what is too long for it cannot be used, and it can be used again', async (t) => {
  if (!requireTools(t, 'clamd')) return
  const running = await startClamd(t)
  for (const address of [running.tcp, running.unix]) {
    const clamd = createClamd({ address })
    assert.match(await clamd.version(), /^ClamAV \d/)
    await assert.rejects(clamd.scan(Buffer.alloc(2 * CLAMD_STREAM_BYTES)), UNAVAILABLE)
    // As long as it may be: many chunks.
    const long = Buffer.concat([MESSAGE, Buffer.alloc(CLAMD_STREAM_BYTES - 1000, 'x\n')])
    assert.equal(await clamd.scan(long), null)
    assert.equal(await clamd.scan(Buffer.concat([long, Buffer.from(EICAR)])), EICAR_NAME)
  }
})

test('the real clamd: gone, there is no answer', async (t) => {
  if (!requireTools(t, 'clamd')) return
  const running = await startClamd(t)
  const clamds = [running.tcp, running.unix].map((address) => createClamd({ address }))
  for (const clamd of clamds) assert.equal(await clamd.scan(MESSAGE), null)
  await running.stop()
  for (const clamd of clamds) {
    await assert.rejects(clamd.scan(MESSAGE), UNAVAILABLE)
    await assert.rejects(clamd.version(), UNAVAILABLE)
  }
})

test('one that hangs is left after the time', async (t) => {
  const closed: Promise<unknown>[] = []
  const address = await server(t, (socket) => void closed.push(once(socket.resume(), 'close')))
  const clamd = createClamd({ address, scanMs: 50 })
  await assert.rejects(clamd.scan(MESSAGE), UNAVAILABLE)
  await assert.rejects(clamd.scan(MESSAGE), /no answer in 50 ms/)
  await Promise.all(closed)
  assert.equal(closed.length, 2)
})

test('one that reads nothing is left after the time, however much there is to send', async (t) => {
  const address = await server(t, (socket) => socket.pause())
  await assert.rejects(createClamd({ address, scanMs: 100 }).scan(Buffer.alloc(20_000_000)), UNAVAILABLE)
})

for (const reply of [
  'stream: OK',
  'stream: Some.Virus FO',
  'stream: FOUND\0',
  'stream: OK but\0',
  '1: stream: OK\0',
  '\0',
  '',
  'INSTREAM size limit exceeded. ERROR\0',
  "stream: Can't allocate memory ERROR\0",
  'UNKNOWN COMMAND\0',
  'x'.repeat(100_000),
]) {
  test(`an answer that is cut, or none, says nothing: ${JSON.stringify(reply.slice(0, 40))}`, async (t) => {
    const address = await server(t, (socket) => socket.resume().end(reply, 'latin1'))
    await assert.rejects(createClamd({ address }).scan(MESSAGE), UNAVAILABLE)
  })
}

test('an answer in pieces counts when it is whole', async (t) => {
  const address = await server(t, (socket) => {
    socket.setNoDelay().resume()
    for (const piece of ['str', 'eam: Some ', 'Virus', ' FOUND', '\0']) socket.write(piece)
  })
  assert.equal(await createClamd({ address }).scan(MESSAGE), 'Some Virus')
})

test('connections do not pile up: so many at once, so many in line, and the others are sent away', async (t) => {
  let most = 0
  const waiting: Socket[] = []
  const address = await server(t, (socket) => {
    most = Math.max(most, waiting.push(socket.resume()))
    // Both at once, when two are here: a third one would come before the answers.
    if (waiting.length === 2) setImmediate(() => waiting.splice(0).forEach((each) => each.end('stream: OK\0')))
  })
  const clamd = createClamd({ address, connections: 2, waiting: 4 })
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => clamd.scan(MESSAGE)))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [...Array.from({ length: 6 }, () => 'fulfilled'), ...Array.from({ length: 4 }, () => 'rejected')],
  )
  assert.equal(most, 2)
})

test('the bytes that arrive are those of the message, in chunks, after a field that marks it as mail', async (t) => {
  const message = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) % 251))
  const received: Buffer[] = []
  const address = await server(t, (socket) => {
    const all: Buffer[] = []
    socket.on('data', (data) => {
      all.push(data)
      const bytes = Buffer.concat(all)
      const command = bytes.indexOf(0) + 1
      const pieces: Buffer[] = []
      let at = command
      if (command === 0) return
      while (at + 4 <= bytes.length) {
        const length = bytes.readUInt32BE(at)
        if (length === 0) {
          assert.equal(bytes.toString('latin1', 0, command), 'zINSTREAM\0')
          received.push(...pieces)
          socket.end('stream: OK\0')
          return
        }
        pieces.push(bytes.subarray(at + 4, at + 4 + length))
        at += 4 + length
      }
    })
  })
  assert.equal(await createClamd({ address }).scan(message), null)
  assert.ok(received.length > 2)
  const all = Buffer.concat(received)
  assert.match(all.toString('latin1', 0, all.length - message.length), /^Received: .*\r\n$/, 'it is taken for mail')
  assert.ok(all.subarray(-message.length).equals(message))
})

test('an address that is none is a mistake in the settings', () => {
  for (const address of ['', 'clamd.example.it', 'host:', 'host:99999', 'host:x', '::1:3310', 'a b:3310']) {
    assert.throws(() => createClamd({ address }), { code: 'bad-config' }, address)
  }
  for (const address of ['host:3310', '[::1]:3310', '/run/clamav/clamd.ctl', './clamd.ctl']) createClamd({ address })
})
