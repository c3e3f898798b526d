import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readCommand } from './command-reader.ts'
import type { BrokenCommand, RawCommand } from './command-reader.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import { Input } from '../wire/input.ts'

/** Reads all commands of a byte stream that comes in these chunks. */
async function readAll(chunks: readonly Buffer[]): Promise<{ commands: (RawCommand | BrokenCommand)[]; continued: number }> {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const input = new Input()
  input.attach(stream)
  for (const chunk of chunks) stream.push(chunk)
  stream.push(null)
  const commands: (RawCommand | BrokenCommand)[] = []
  let continued = 0
  const deps = {
    input,
    continueLiteral: () => Promise.resolve(void continued++),
    line: 200,
    literals: (name: string) => (name === 'APPEND' ? 300 : 60),
  }
  for (;;) {
    try {
      const command = await readCommand(deps)
      if (command) commands.push(command)
    } catch (error) {
      if (error instanceof ConnectionClosed) return { commands, continued }
      throw error
    }
  }
}

const read = async (text: string) => (await readAll([Buffer.from(text, 'latin1')])).commands

test('tag, name, texts and literals', async () => {
  assert.deepEqual(await read('a1 noop\r\nb UID  fetch 1 (FLAGS)\nc LOGIN {1}\r\nx {2+}\r\n\r\n \r\n'), [
    { tag: 'a1', name: 'NOOP', texts: [''], literals: [] },
    { tag: 'b', name: 'UID FETCH', texts: [' 1 (FLAGS)'], literals: [] },
    { tag: 'c', name: 'LOGIN', texts: [' ', ' ', ' '], literals: [Buffer.from('x'), Buffer.from('\r\n')] },
  ])
  const broken = (await read('\r\n  \r\nx\r\n* NOOP\r\na+b NOOP\r\ntag !\r\nt NOOP?\r\n')).map((one) =>
    'status' in one ? one.tag : 'command',
  )
  assert.deepEqual(broken, ['x', '*', '*', 'tag', 't'])
})

test('a refused literal: one that waits is not read, one that was sent is skipped', async () => {
  const commands = await read(
    'a X {61}\r\nb X {61+}\r\n' + 'x'.repeat(61) + ' {3+}\r\nabc rest\r\nc X {30+}\r\n' + 'y'.repeat(30) + ' {31}\r\nd X\r\n',
  )
  assert.deepEqual(
    commands.map((one) => [one.tag, 'status' in one ? one.code : one.name]),
    [
      ['a', 'TOOBIG'],
      ['b', 'TOOBIG'],
      ['c', 'TOOBIG'],
      ['d', 'X'],
    ],
  )
})

test('the way in which the bytes come in makes no difference, and nothing is taken for something else', async () => {
  const text = fc.stringMatching(/^[ -z|}~\xa0-\xff]{0,40}$/)
  const literal = fc.record({ bytes: fc.uint8Array({ maxLength: 50 }), sync: fc.boolean() })
  const command = fc.record({
    tag: fc.stringMatching(/^[A-Za-z0-9.]{1,8}$/),
    name: fc.stringMatching(/^[A-Z]{1,8}$/),
    texts: fc.array(text, { minLength: 1, maxLength: 3 }),
    literal,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 })), async (commands, cuts) => {
      const wire = commands.map(({ tag, name, texts, literal: { bytes, sync } }) => {
        const announced = `{${bytes.length}${sync ? '' : '+'}}\r\n${Buffer.from(bytes).toString('latin1')}`
        return `${tag} ${name} ${texts.map((one) => ` ${one}`).join(announced)}\r\n`
      })
      const stream = Buffer.from(wire.join(''), 'latin1')
      const chunks: Buffer[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(stream.subarray(at, at + cut))
        at += cut
      }
      const together = await readAll([stream])
      assert.deepEqual(await readAll([...chunks, stream.subarray(at)].filter((chunk) => chunk.length > 0)), together)
      for (const [index, one] of together.commands.entries()) {
        const { tag, name, texts, literal } = commands[index] ?? assert.fail('more commands than were sent')
        assert.equal(one.tag, tag)
        if ('status' in one || name === 'UID') continue
        assert.deepEqual(one.texts.join('|'), ` ${texts.map((text) => ` ${text}`).join('|')}`)
        assert.deepEqual(
          one.literals,
          texts.slice(1).map(() => Buffer.from(literal.bytes)),
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('any bytes: no exception but the end of the connection', async () => {
  const soup = fc.array(
    fc.oneof(
      fc.constantFrom('a NOOP\r\n', '{5}\r\n', '{3+}\r\n', 'a APPEND ', '\n', '\r', '"', '{99999999999999}', '}'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 30 },
  )
  await fc.assert(fc.asyncProperty(soup, async (pieces) => void (await readAll([Buffer.from(pieces.join(''), 'latin1')]))))
})
