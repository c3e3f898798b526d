import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { converse, DIALOGUES } from './dialogues.ts'

/** A server that says a greeting, and answers each line by its first word. */
async function server(
  t: TestContext,
  greeting: string | null,
  answers: Record<string, string> = {},
): Promise<{ host: string; port: number }> {
  const listening = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    if (greeting !== null) socket.write(greeting)
    socket.on('data', (data) => {
      const answer = answers[data.toString().split(/\s/)[0] ?? '']
      if (answer === undefined) socket.destroy()
      else socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => {
    listening.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => listening.close())
  return { host: '127.0.0.1', port: (listening.address() as AddressInfo).port }
}

const SMTP = { EHLO: '250-mx\r\n250 SIZE\r\n', QUIT: '221 bye\r\n' }

test('a server that answers well', async (t) => {
  await converse(await server(t, '220 mx ESMTP\r\n', SMTP), DIALOGUES.incoming, 1000)
})

test('one that does not: silent, of other words, gone, without what must be offered, not there at all', async (t) => {
  const incoming = (greeting: string | null, answers = {}) => server(t, greeting, answers)
  const open = { ...DIALOGUES.access, tls: false }
  const bad = [
    [await incoming(null), /not answered for 200 ms/, DIALOGUES.incoming],
    [await incoming('421 too busy\r\n'), /not answered for 200 ms/, DIALOGUES.incoming],
    [await incoming('220 mx\r\n'), /closed the connection/, DIALOGUES.incoming],
    [await incoming('x'.repeat(20_000)), /something else/, DIALOGUES.incoming],
    [await incoming('220 mx\r\n', SMTP), /not answered/, open],
    [await incoming('220 mx\r\n', SMTP), /not answered|closed|:/, DIALOGUES.access],
    [{ host: '127.0.0.1', port: 1 }, /ECONNREFUSED/, DIALOGUES.incoming],
  ] as const
  for (const [target, message, dialogue] of bad) {
    await assert.rejects(converse(target, dialogue, 200), { code: 'no-answer', message })
  }
  const offering = { ...SMTP, EHLO: '250-mx\r\n250-AUTH PLAIN\r\n250 SIZE\r\n' }
  await converse(await incoming('220 mx\r\n', offering), open, 1000)
})
