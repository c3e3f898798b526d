import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { withImap } from './test-imap.ts'

const limits = {
  append: 10_000,
  line: 2000,
  literals: 5000,
  badCommands: 3,
  loginTime: 300,
  idleTime: 600,
  idleReread: 50,
  connections: 8,
}
const imap = await withImap({ after }, { limits, store: () => ({ watch: () => () => undefined }) })

test('a message that is too large is refused before its bytes are asked for', async () => {
  const client = await imap.login(await imap.mailbox())
  client.write('a APPEND INBOX {10001}\r\n')
  assert.match((await client.answer('a')).tagged, /^NO \[TOOBIG\]/)
  // Sent unasked it is skipped, and the connection goes on.
  assert.match(await client.append('INBOX', 'x'.repeat(10_001)), /^NO \[TOOBIG\]/)
  assert.match(await client.append('INBOX', `Subject: x\r\n\r\n${'x'.repeat(9986)}`), /^OK/)
  assert.deepEqual(await client.ok('STATUS INBOX (MESSAGES APPENDLIMIT)'), ['* STATUS "INBOX" (MESSAGES 1 APPENDLIMIT 10000)'])
  client.destroy()
})

test('long lines and large literals are refused', async () => {
  const other = await imap.login(await imap.mailbox())
  for (const size of [2000, 3000, 100_000]) {
    // What a literal of such a line holds is not taken for commands.
    other.write(`a NOOP ${'x'.repeat(size)} {9+}\r\nx LOGOUT\n \r\nb NOOP\r\n`)
    const { untagged, tagged } = await other.answer('b')
    assert.deepEqual(untagged, ['a BAD [TOOBIG] Command line too long'])
    assert.match(tagged, /^OK/)
  }
  assert.match(await other.tagged(`NOOP ${'x'.repeat(1980)}`), /^BAD Too many arguments/)
  await other.ok('NOOP')
  other.write('c STATUS {5001}\r\n')
  assert.match((await other.answer('c')).tagged, /^BAD \[TOOBIG\]/)
  other.write(`d LOGIN {3000+}\r\n${'x'.repeat(3000)} {3000+}\r\n${'x'.repeat(3000)}\r\ne NOOP\r\n`)
  assert.match((await other.answer('d')).tagged, /^BAD \[TOOBIG\]/)
  assert.match((await other.answer('e')).tagged, /^OK/)
  other.destroy()
  const stranger = await imap.connect()
  stranger.write('a LOGIN {501}\r\n')
  assert.match((await stranger.answer('a')).tagged, /^BAD \[TOOBIG\]/)
  stranger.write('b APPEND x {501}\r\n')
  assert.match((await stranger.answer('b')).tagged, /^NO \[TOOBIG\]/)
  stranger.destroy()
})

test('too many mistakes in a row, or wrong passwords, end the connection', async () => {
  const { address } = await imap.mailbox()
  for (const wrong of ['NONSENSE', `LOGIN ${address} wrong`]) {
    const client = await imap.connect()
    await client.tagged(wrong)
    await client.tagged(wrong)
    await client.ok('NOOP')
    await client.tagged(wrong)
    await client.tagged(wrong)
    await client.tagged(wrong)
    assert.equal(await client.response(), '* BYE Too many errors')
    assert.equal(await client.response(), '')
  }
})

test('who does not log in, or sends nothing, is sent away', async () => {
  const hurried = await imap.serve({ loginTime: 50 })
  const stranger = await imap.connect(hurried.tlsPort)
  const patient = await imap.serve({ idleTime: 1000 })
  const client = await imap.login(await imap.mailbox(), 'INBOX', patient.tlsPort)
  assert.equal(await stranger.response(), '* BYE Idle for too long')
  assert.equal(await client.response(), '* BYE Idle for too long')
  assert.equal(await client.response(), '')
})

test('without hints IDLE and NOOP read the folder again themselves', async () => {
  const mailbox = await imap.mailbox()
  const writer = await imap.login(mailbox)
  const client = await imap.login(mailbox, 'INBOX')
  client.write('a IDLE\r\n')
  assert.equal(await client.response(), '+ idling')
  await writer.append('INBOX', 'x')
  assert.equal(await client.response(), '* 1 EXISTS')
  assert.equal(await client.response(), '* 1 RECENT')
  client.write('DONE\r\n')
  assert.match((await client.answer('a')).tagged, /^OK/)
  await writer.append('INBOX', 'y')
  assert.deepEqual(await client.ok('NOOP'), ['* 2 EXISTS', '* 2 RECENT'])
  client.destroy()
  writer.destroy()
})

test('more connections than allowed are turned away', async () => {
  const clients = []
  for (let n = 0; n < 8; n++) clients.push(await imap.connect())
  await assert.rejects(imap.connect())
  for (const client of clients) client.destroy()
})

test('closing the server says BYE, also to a client in IDLE', async () => {
  const mailbox = await imap.mailbox()
  const idle = await imap.login(mailbox, 'INBOX')
  idle.write('a IDLE\r\n')
  assert.equal(await idle.response(), '+ idling')
  const late = connect({ host: '127.0.0.1', port: imap.tlsPort })
  await once(late, 'connect')
  const waiting = await imap.login(mailbox)
  // One that is about to begin its handshake is not served any more.
  const closing = imap.close()
  const secured = connectTls({ socket: late, rejectUnauthorized: false })
  secured.on('error', () => secured.destroy())
  let greeting = ''
  secured.on('data', (data: Buffer) => (greeting += data.toString()))
  await closing
  assert.equal(greeting, '')
  assert.equal(await idle.response(), '* BYE Server is shutting down')
  assert.equal(await waiting.response(), '* BYE Server is shutting down')
  assert.equal(await waiting.response(), '')
})
