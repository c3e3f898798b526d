import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConnectionClosed } from './connection-closed.ts'
import { Output } from './output.ts'

/** A client that takes a piece only when told to. */
function slowClient(): { output: Output; taken: string[]; take: () => void; stream: Writable } {
  const taken: string[] = []
  const waiting: (() => void)[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString('latin1'))
      waiting.push(done)
    },
  })
  return { output: new Output(stream), taken, stream, take: () => waiting.shift()?.() }
}

test('small pieces are gathered, in the order in which they came', async () => {
  const { output, taken } = slowClient()
  output.line('* one')
  output.push('* two {3}\r\n')
  await output.bytes(Buffer.from([0x61, 0xe8, 0x62]))
  await output.relieve()
  assert.deepEqual(taken, [])
  await output.flush()
  assert.deepEqual(taken, ['* one\r\n* two {3}\r\na\xe8b'])
})

test('who writes much waits until the client has taken it', async () => {
  const { output, taken, take } = slowClient()
  output.line('* one')
  let written = false
  const large = output.bytes(Buffer.alloc(300_000, 'x')).then(() => (written = true))
  await nextTurn()
  assert.deepEqual(taken, ['* one\r\n'])
  assert.equal(written, false)
  take()
  await nextTurn()
  assert.equal(written, false)
  take()
  await large
  assert.equal(taken[1]?.length, 300_000)
})

test('a client that has gone ends the writing', async () => {
  const { output, stream } = slowClient()
  const large = output.bytes(Buffer.alloc(300_000))
  stream.destroy()
  await assert.rejects(large, ConnectionClosed)
  output.line('more')
  await assert.rejects(output.flush(), ConnectionClosed)
  assert.equal(output.closed, true)
})
