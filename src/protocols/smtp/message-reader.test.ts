import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { SMTPServerDataStream } from 'smtp-server'
import { createMessageReader } from './message-reader.ts'

/** A stream as smtp-server gives it. */
function dataStream(messageBytes = 1000) {
  const stream: SMTPServerDataStream = Object.assign(new PassThrough(), { byteLength: 0, sizeExceeded: false })
  return {
    stream,
    send(text: string) {
      stream.byteLength += text.length
      stream.sizeExceeded = stream.byteLength > messageBytes
      stream.write(text)
    },
  }
}

/** Lets the reader take what was sent. */
async function untilRead(stream: SMTPServerDataStream): Promise<void> {
  while (stream.readableLength > 0 || stream.writableLength > 0) await setImmediate()
  await setImmediate()
}

const take = (bytes: Buffer): Promise<string> => Promise.resolve(bytes.toString())

test('gives the whole message, and passes on what comes of it', async () => {
  const read = createMessageReader({ messageBytes: 1000 })
  const { stream, send } = dataStream()
  const result = read(stream, take)
  send('uno ')
  send('due')
  stream.end()
  assert.equal(await result, 'uno due')
  const failing = dataStream()
  failing.stream.end('x')
  await assert.rejects(
    read(failing.stream, () => Promise.reject(new Error('odd'))),
    /odd/,
  )
})

test('one too large is read to its end, and holds no memory meanwhile', async () => {
  const read = createMessageReader({ messageBytes: 10, memoryBytes: 10 })
  const large = dataStream(10)
  const refused = assert.rejects(read(large.stream, take), { responseCode: 552, message: /^5\.3\.4 .*10 bytes/ })
  large.send('12345')
  await untilRead(large.stream)
  large.send('6789012345')
  await untilRead(large.stream)
  const small = dataStream()
  small.send('abcdefghij')
  small.stream.end()
  assert.equal(await read(small.stream, take), 'abcdefghij')
  large.send('more')
  large.stream.end()
  await refused
})

test('messages share the memory until they are done with; who finds none left is asked to come back', async () => {
  const read = createMessageReader({ messageBytes: 1000, memoryBytes: 10 })
  const [first, second, third] = [dataStream(), dataStream(), dataStream()]
  let finish: (() => void) | undefined
  const begun = new Promise<void>((begin) => {
    first.stream.end('123456')
    void read(first.stream, () => {
      begin()
      return new Promise<void>((resolve) => (finish = resolve))
    })
  })
  await begun
  second.stream.end('12345')
  await assert.rejects(read(second.stream, take), { responseCode: 452, message: /^4\.3\.1 / })
  finish?.()
  await Promise.resolve()
  third.stream.end('1234567890')
  assert.equal(await read(third.stream, take), '1234567890')
})

test('a message that takes too long, or breaks off, gives its memory back', async () => {
  const read = createMessageReader({ messageBytes: 1000, memoryBytes: 10, milliseconds: 20 })
  const slow = dataStream()
  slow.send('1234567890')
  await assert.rejects(read(slow.stream, take), { responseCode: 421, message: /^4\.4\.2 / })
  const broken = dataStream()
  const refused = assert.rejects(read(broken.stream, take), /gone/)
  broken.send('1234567890')
  broken.stream.destroy(new Error('gone'))
  await refused
  const last = dataStream()
  last.stream.end('1234567890')
  assert.equal(await read(last.stream, take), '1234567890')
})
