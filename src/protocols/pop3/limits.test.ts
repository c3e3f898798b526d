/** What a client may take of the server. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { PASSWORD, TestClient, withPop3 } from './test-pop3.ts'

const pop3 = await withPop3({ after })
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

test('a line that is too long is a mistake, and what it holds is no command', async () => {
  const client = await pop3.connect()
  for (const size of [4097, 5000, 200_000]) assert.equal(await client.say(`QUIT ${'x'.repeat(size)}`), '-ERR Line too long')
  assert.equal(await client.say('x'.repeat(4096)), '-ERR Unknown command')
  // RFC 2449 4: commands of 255 octets.
  assert.equal(await client.say(`USER ${'x'.repeat(248)}`), '+OK Now the password')
  await client.ok('QUIT')
})

test('an endless line takes no memory', async () => {
  const client = await pop3.connect()
  const piece = 'x'.repeat(1 << 20)
  const before = process.memoryUsage().rss
  for (let n = 0; n < 64; n++) {
    client.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(await client.say(''), '-ERR Line too long')
  assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
  await client.ok('QUIT')
})

test('too many mistakes in a row, or wrong passwords, end the connection', async () => {
  const { tlsPort } = await pop3.serve({ limits: { badCommands: 3 } })
  const { address } = await pop3.filled()
  const plain = Buffer.from(`\0${address}\0wrong`).toString('base64')
  for (const wrong of [['NONSENSE'], ['STAT'], [`USER ${address}`, 'PASS wrong'], [`AUTH PLAIN ${plain}`]]) {
    const client = await pop3.connect(tlsPort)
    const fail = async (): Promise<void> => {
      let answer: string | undefined
      for (const line of wrong) answer = await client.say(line)
      assert.match(answer ?? '', /^-ERR /)
    }
    await fail()
    await fail()
    await client.body('CAPA')
    for (let n = 0; n < 3; n++) await fail()
    assert.equal(await client.line(), undefined)
  }
})

test('whatever is sent is answered, and nothing of it is an error of ours', async () => {
  const { tlsPort } = await pop3.serve({ limits: { badCommands: Infinity } })
  const word = fc.oneof(
    fc.constantFrom('USER', 'PASS', 'AUTH', 'PLAIN', 'STLS', 'CAPA', 'LIST', 'UIDL', 'RETR', 'TOP', 'DELE', 'RSET', 'NOOP'),
    fc.constantFrom('1', '2', '0', '-1', '99999999999', '=', '*', '', '\0', '\r', '.', '..'),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 8 }),
  )
  const line = fc.array(word, { maxLength: 4 }).map((words) => words.join(' ').replaceAll('\n', ''))
  const lines = fc.array(line, { maxLength: 60 })
  for (const loggedIn of [false, true]) {
    for (const sent of fc.sample(lines, 30)) {
      const client = loggedIn
        ? await pop3.login(await pop3.filled('Subject: x\r\n\r\nx\r\n'), tlsPort)
        : await pop3.connect(tlsPort)
      // Twice: the first may be taken for an answer to AUTH.
      client.write([...sent, 'NOOP', 'QUIT', 'QUIT', ''].join('\r\n'))
      assert.match(await client.all(), /^(?:\+OK|-ERR)[^]*\r\n\+OK Good-bye\r\n$/, JSON.stringify(sent))
    }
  }
})

test('who does not log in, or sends nothing, is cut off without a word, and nothing is removed', async () => {
  const hurried = await pop3.serve({ limits: { loginTime: 50 } })
  const stranger = await pop3.connect(hurried.tlsPort)
  assert.equal(await stranger.all(), '')
  const patient = await pop3.serve({ limits: { idleTime: 1000 } })
  const mailbox = await pop3.filled('Subject: x\r\n\r\n')
  const client = await pop3.login(mailbox, patient.tlsPort)
  await client.ok('DELE 1')
  assert.equal(await client.all(), '')
  assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 1)
})

test('more connections than allowed are turned away', async () => {
  const { tlsPort, starttlsPort } = await pop3.serve({ limits: { connections: 2 } })
  const clients = [await pop3.connect(tlsPort), await pop3.connect(tlsPort)]
  const refused = TestClient.plain(starttlsPort)
  assert.equal(await refused.all(), '-ERR [SYS/TEMP] Too many connections\r\n')
  await clients[0]?.ok('QUIT')
  assert.equal(await clients[0]?.line(), undefined)
  // The place is free a moment later.
  for (;;) {
    const client = TestClient.plain(starttlsPort)
    if ((await client.line())?.startsWith('+OK') === true) break
  }
})

test('10,000 commands at once are answered one after the other', async () => {
  const text = `Subject: x\r\n\r\n${'y'.repeat(2000)}\r\n`
  const client = await pop3.login(await pop3.filled(text))
  client.write(`${'LIST 1\r\nRETR 1\r\n'.repeat(5000)}QUIT\r\n`)
  assert.ok((await client.all()) === `${`+OK 1 2016\r\n+OK 2016 octets\r\n${text}.\r\n`.repeat(5000)}+OK Good-bye\r\n`)
})

test('a reader that stops is waited for: what it has not taken is not read either', async () => {
  let read = 0
  const { tlsPort } = await pop3.serve({
    store: {
      ...pop3.maildrops,
      async *read(...request) {
        for await (const piece of pop3.maildrops.read(...request)) {
          read += piece.length
          yield piece
        }
      },
    },
  })
  const size = 60 * 1024 * 1024
  const mailbox = await pop3.filled(`Subject: x\r\n\r\n${'0123456789abcd\r\n'.repeat(size / 16)}`)
  const client = await pop3.login(mailbox, tlsPort)
  client.pause()
  client.write('RETR 1\r\nQUIT\r\n')
  // Until it does not grow any more while another client is served: what sockets and the kernel hold is full.
  const other = await pop3.connect(tlsPort)
  let last = -1
  for (let still = 0; still < 100; still = read === last ? still + 1 : 0) {
    last = read
    await other.body('CAPA')
  }
  assert.ok(read > 0 && read < size / 2, `${read} bytes read ahead`)
  const answer = await client.all()
  assert.equal(answer.length, `+OK ${size + 14} octets\r\n.\r\n+OK Good-bye\r\n`.length + size + 14)
  assert.equal(read, size + 14)
})

test('a reader that stops for too long is cut off in the midst of a message, and frees its maildrop', async () => {
  let reading = 0
  const { tlsPort } = await pop3.serve({
    limits: { idleTime: 2000 },
    store: {
      ...pop3.maildrops,
      async *read(...request) {
        reading++
        try {
          yield* pop3.maildrops.read(...request)
        } finally {
          reading--
        }
      },
    },
  })
  const mailbox = await pop3.filled(`Subject: x\r\n\r\n${'0123456789abcd\r\n'.repeat(1 << 20)}`)
  const client = await pop3.login(mailbox, tlsPort)
  client.pause()
  client.write(`DELE 1\r\nRSET\r\n${'RETR 1\r\n'.repeat(1000)}QUIT\r\n`)
  // In use as long as the other is served.
  for (;;) {
    const other = await pop3.connect()
    await other.ok(`USER ${mailbox.address}`)
    const answer = await other.say(`PASS ${latin1(PASSWORD)}`)
    if (answer?.startsWith('+OK') === true) break
    assert.match(answer ?? '', /^-ERR \[IN-USE\]/)
    await other.ok('QUIT')
  }
  assert.equal(reading, 0)
  assert.ok((await client.all()).length < 100 * (1 << 24))
})

test('closing the server: a command at work is answered, nothing is removed, the lock is given back', async () => {
  const { server, tlsPort, starttlsPort } = await pop3.serve({})
  const mailbox = await pop3.filled('Subject: x\r\n\r\n')
  const client = await pop3.login(mailbox, tlsPort)
  await client.ok('DELE 1')
  const silent = TestClient.plain(starttlsPort)
  await silent.line()
  await server.close()
  assert.equal(await client.line(), undefined)
  assert.equal(await silent.line(), undefined)
  assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 1)
  const next = await pop3.login(mailbox)
  await next.ok('QUIT')
})

test('a client that hangs up its side after its commands still has the answers', async () => {
  const mailbox = await pop3.filled('Subject: x\r\n\r\n')
  const socket = connect(pop3.starttlsPort, '127.0.0.1')
  socket.end('CAPA\r\nNOOP\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  assert.match(text, /^\+OK pop3.test POP3 ready\r\n\+OK Capabilities follow\r\n[^]*\r\n\.\r\n-ERR Log in first\r\n$/)
  const client = await pop3.connect()
  await client.ok(`USER ${mailbox.address}`)
  await client.ok(`PASS ${latin1(PASSWORD)}`)
  await client.ok('QUIT')
})
