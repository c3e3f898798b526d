/** The protocol as it stands on the wire. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { createMaildropLock } from '../../mailbox/maildrop-lock.ts'
import { contentOfParts } from '../../mailbox/test-store.ts'
import { Flag } from '../../mailbox/types.ts'
import { PASSWORD, TestClient, unstuffed, withPop3 } from './test-pop3.ts'
import type { TestMailbox } from './test-pop3.ts'

const pop3 = await withPop3({ after })
const { store } = pop3

const message = (subject: string, body = `${subject}\r\n`): string => `Subject: ${subject}\r\n\r\n${body}`
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const plainLogin = (...parts: string[]): string => Buffer.from(parts.join('\0')).toString('base64')

/** Another client, by IMAP, removes messages of the inbox. */
async function expunge({ ref }: TestMailbox, ...uids: number[]): Promise<void> {
  const { id } = await pop3.folderOf(ref, 'INBOX')
  await store.storeFlags(ref, id, uids, { mode: 'add', flags: Flag.deleted, keywords: [] })
  await store.expunge(ref, id, uids)
}

const ALWAYS = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER', 'IMPLEMENTATION Ceralacca', '']

test('before TLS no login is offered or taken; STLS, and what came with it is dropped', async (t) => {
  const { address } = await pop3.filled()
  const client = TestClient.plain(pop3.starttlsPort)
  t.after(() => client.destroy())
  assert.equal(await client.line(), '+OK pop3.test POP3 ready')
  assert.equal(await client.body('CAPA'), ['STLS', ...ALWAYS].join('\r\n'))
  for (const line of [`USER ${address}`, 'PASS x', `AUTH PLAIN ${plainLogin('', address, PASSWORD)}`, 'AUTH PLAIN'])
    assert.equal(await client.say(line), '-ERR Use STLS first')
  assert.equal(await client.say('APOP mrose c4c9334bac560ecc979e58001b3e22fb'), '-ERR Unknown command')
  assert.equal(await client.say(`STLS\r\nUSER ${address}`), '+OK Begin TLS negotiation')
  await client.secure(pop3.certificate)
  assert.equal(await client.say(`PASS ${latin1(PASSWORD)}`), '-ERR USER must come first')
  assert.equal(await client.body('CAPA'), ['USER', 'SASL PLAIN LOGIN', ...ALWAYS].join('\r\n'))
  assert.equal(await client.say('STLS'), '-ERR TLS is on already')
  await client.ok(`USER ${address}`)
  await client.ok(`PASS ${latin1(PASSWORD)}`)
  assert.equal(await client.body('CAPA'), ['USER', 'SASL PLAIN LOGIN', ...ALWAYS].join('\r\n'))
  assert.equal(await client.say('STLS'), '-ERR Not in this state')
  await client.ok('QUIT')
  assert.equal(await client.line(), undefined)
})

test('TLS is 1.2 or later', async () => {
  const refused = connectTls({
    host: '127.0.0.1',
    port: pop3.tlsPort,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'ALL:@SECLEVEL=0',
  })
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => refused.once('error', resolve))
  assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
})

test('USER and PASS: the password as it stands, PASS right after USER only', async () => {
  const { address } = await pop3.filled(message('x'))
  const client = await pop3.connect()
  assert.equal(await client.say('STAT'), '-ERR Log in first')
  assert.equal(await client.say('PASS x'), '-ERR USER must come first')
  await client.ok('USER nobody@pec.test')
  assert.equal(await client.say(`PASS ${latin1(PASSWORD)}`), '-ERR [AUTH] Wrong address or password')
  await client.ok(`USER ${address}`)
  assert.equal(await client.say(`PASS ${latin1(PASSWORD.trim())}`), '-ERR [AUTH] Wrong address or password')
  assert.equal(await client.say(`PASS ${latin1(PASSWORD)}`), '-ERR USER must come first')
  await client.ok(`USER ${address}`)
  await client.body('CAPA')
  assert.equal(await client.say(`PASS ${latin1(PASSWORD)}`), '-ERR USER must come first')
  await client.ok('user nobody@pec.test')
  await client.ok(`user ${address}`)
  assert.equal(await client.say(`pass ${latin1(PASSWORD)}`), '+OK Maildrop has 1 messages (17 octets)')
  for (const line of [`USER ${address}`, 'PASS x', 'AUTH PLAIN']) assert.equal(await client.say(line), '-ERR Not in this state')
  await client.ok('QUIT')
})

test('AUTH PLAIN with and without an initial response (RFC 5034)', async () => {
  const { address } = await pop3.filled()
  const client = await pop3.connect()
  const right = plainLogin('', address, PASSWORD)
  for (const [line, answer] of [
    ['AUTH', '-ERR A mechanism is missing'],
    ['AUTH CRAM-MD5', '-ERR This authentication mechanism is not offered'],
    ['AUTH PLAIN =', '-ERR Not a PLAIN message'],
    [`AUTH PLAIN =${right.slice(1)}`, '-ERR Not base64'],
    [`AUTH PLAIN ${right.slice(0, -1)}`, '-ERR Not base64'],
    [`AUTH PLAIN ${right.slice(0, -1)}*`, '-ERR Not base64'],
    [`AUTH PLAIN ${right} x`, '-ERR Too many arguments'],
    [`AUTH PLAIN ${plainLogin('other@pec.test', address, PASSWORD)}`, '-ERR [AUTH] No mailbox of another may be used'],
    [`AUTH PLAIN ${plainLogin('', address, 'wrong')}`, '-ERR [AUTH] Wrong address or password'],
  ] as const)
    assert.equal(await client.say(line), answer)
  await client.body('CAPA')
  for (const [response, answer] of [
    ['*', '-ERR Authentication cancelled'],
    ['', '-ERR Not a PLAIN message'],
    ['x'.repeat(9000), '-ERR Line too long'],
  ] as const) {
    assert.equal(await client.say('AUTH PLAIN'), '+ ')
    assert.equal(await client.say(response), answer)
    await client.body('CAPA')
  }
  assert.equal(await client.say('auth plain'), '+ ')
  assert.equal(await client.say(plainLogin(address, address, PASSWORD)), '+OK Maildrop has 0 messages (0 octets)')
  await client.ok('QUIT')
  const other = await pop3.connect()
  await other.ok(`AUTH PLAIN ${right}`)
  await other.ok('QUIT')
})

test('STAT, LIST, UIDL, DELE, RSET', async () => {
  const mailbox = await pop3.filled(message('1'), message('22'), message('333'))
  const { uidValidity } = await pop3.folderOf(mailbox.ref, 'INBOX')
  const client = await pop3.login(mailbox)
  assert.equal(await client.say('STAT'), '+OK 3 57')
  assert.equal(await client.body('LIST'), '1 17\r\n2 19\r\n3 21\r\n')
  assert.equal(await client.say('LIST 2'), '+OK 2 19')
  assert.equal(await client.body('UIDL'), `1 ${uidValidity}.1\r\n2 ${uidValidity}.2\r\n3 ${uidValidity}.3\r\n`)
  assert.equal(await client.say('UIDL 3'), `+OK 3 ${uidValidity}.3`)
  await client.ok('DELE 2')
  assert.equal(await client.say('STAT'), '+OK 2 38')
  assert.equal(await client.body('LIST'), '1 17\r\n3 21\r\n')
  assert.equal(await client.body('UIDL'), `1 ${uidValidity}.1\r\n3 ${uidValidity}.3\r\n`)
  for (const line of ['LIST 2', 'UIDL 2', 'RETR 2', 'TOP 2 0', 'DELE 2'])
    assert.equal(await client.say(line), '-ERR The message is marked as deleted')
  for (const line of ['LIST 4', 'UIDL 4', 'RETR 4', 'TOP 4 0', 'DELE 9999999999'])
    assert.equal(await client.say(line), '-ERR No such message')
  assert.equal(await client.say('RSET'), '+OK Maildrop has 3 messages')
  assert.equal(await client.say('STAT'), '+OK 3 57')
  await client.ok('NOOP')
  for (const [line, answer] of [
    ['RETR', '-ERR A message number is missing'],
    ['RETR 0', '-ERR A message number is missing'],
    ['TOP 1', '-ERR A number of lines is missing'],
    ['STAT 1', '-ERR No argument was expected'],
    ['', '-ERR Unknown command'],
    ['XTND', '-ERR Unknown command'],
  ] as const)
    assert.equal(await client.say(line), answer)
  await client.ok('QUIT')
  assert.equal(await client.line(), undefined)
  assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 3)
})

test('DELE takes effect at QUIT; a connection that is cut removes nothing', async () => {
  const mailbox = await pop3.filled(message('1'), message('2'), message('3'))
  const cut = await pop3.login(mailbox)
  await cut.ok('DELE 1')
  cut.destroy()
  let client = await loginWhenFree(mailbox)
  assert.equal(await client.say('STAT'), '+OK 3 51')
  await client.ok('DELE 1')
  await client.ok('DELE 3')
  await client.ok('QUIT')
  // The lock is free when QUIT is answered.
  client = await pop3.login(mailbox)
  assert.match(await client.body('UIDL'), /^1 \d+\.2\r\n$/)
  await client.ok('QUIT')
})

/** When a connection is cut, the server learns of it a little later. */
async function loginWhenFree(mailbox: TestMailbox): Promise<TestClient> {
  const client = await pop3.connect()
  for (;;) {
    await client.ok(`USER ${mailbox.address}`)
    const answer = await client.say(`PASS ${latin1(PASSWORD)}`)
    if (answer?.startsWith('+OK') === true) return client
    assert.match(answer ?? '', /^-ERR \[IN-USE\] /)
  }
}

test('the maildrop is the inbox as it was at login, and its unique-ids stay for ever', async () => {
  const mailbox = await pop3.filled(message('1'), message('2'), message('3'))
  const first = await pop3.login(mailbox)
  const before = await first.body('UIDL')
  await store.append(mailbox.ref, 'INBOX', [{ bytes: Buffer.from('x'), flags: 0, keywords: [], internalDate: 0 }])
  await expunge(mailbox, 1)
  assert.equal(await first.say('STAT'), '+OK 3 51')
  assert.equal(unstuffed(await first.body('RETR 1')), message('1'))
  await first.ok('DELE 1')
  await first.ok('QUIT')
  const second = await pop3.login(mailbox)
  const lines = before.split('\r\n').slice(1, 3)
  const [two = '', three = '', four = ''] = (await second.body('UIDL')).split('\r\n')
  assert.deepEqual(
    [two, three].map((line) => line.split(' ')[1]),
    lines.map((line) => line.split(' ')[1]),
  )
  assert.match(four.split(' ')[1] ?? '', /^[\x21-\x7e]{1,70}$/)
  await second.ok('QUIT')
})

test('one session at a time has a maildrop, on whatever server', async () => {
  const mailbox = await pop3.filled(message('1'))
  const lock = createMaildropLock({ database: pop3.database, now: Date.now, report: (error) => assert.fail(String(error)) })
  const { tlsPort } = await pop3.serve({ lock })
  const first = await pop3.login(mailbox)
  const other = await pop3.connect(tlsPort)
  await other.ok(`USER ${mailbox.address}`)
  assert.equal(await other.say(`PASS ${latin1(PASSWORD)}`), '-ERR [IN-USE] Another session has the maildrop: try again later')
  const login = `AUTH PLAIN ${plainLogin('', mailbox.address, PASSWORD)}`
  assert.match((await other.say(login)) ?? '', /^-ERR \[IN-USE\] /)
  assert.equal(await other.say('STAT'), '-ERR Log in first')
  await first.ok('QUIT')
  await other.ok(login)
  await other.ok('QUIT')
})

test('RETR is byte for byte (I5): dots, any bytes, head, slice and tail of a certified message', async () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('')
  const messages = [
    message('dots', '.\r\n..\r\n...x\r\n.\r\n'),
    message('bytes', `${bytes.replace(/[\r\n]/g, '')}\r\n`),
    '.starts with a dot\r\n\r\n\r\n.\r\n',
    message('large', `${'0123456789.\r\n.'.repeat(200_000)}\r\n`),
  ]
  const mailbox = await pop3.filled(...messages)
  const middle = Buffer.from(`.line\r\n${'x'.repeat(70)}\r\n`.repeat(20_000))
  const slice = {
    slot: mailbox.ref.slot,
    id: '01990000-0000-7000-8000-000000000001',
    place: 'disk',
    offset: 0,
    length: middle.length,
  } as const
  await pop3.blobs.put(slice, middle, 'disk', createHash('sha256').update(middle).digest())
  const certified = contentOfParts(Buffer.from(message('certified', '')), slice, middle, Buffer.from('.tail\r\n--end--\r\n'))
  await pop3.arrive(mailbox.ref, [certified])
  const whole = Buffer.concat([certified.head, middle, certified.tail]).toString('latin1')
  const client = await pop3.login(mailbox)
  for (const [index, text] of [...messages, whole].entries()) {
    assert.equal(await client.say(`LIST ${index + 1}`), `+OK ${index + 1} ${text.length}`)
    assert.ok(unstuffed(await client.body(`RETR ${index + 1}`)) === text, `message ${index + 1}`)
  }
  await client.ok('QUIT')
})

test('a line end is added where there is none, for the final dot; LF alone stays as it is', async () => {
  const client = await pop3.login(await pop3.filled('Subject: x\r\n\r\nend', 'a\n\n.\n.b\n', ''))
  assert.equal(await client.body('RETR 1'), 'Subject: x\r\n\r\nend\r\n')
  assert.equal(await client.body('RETR 2'), 'a\n\n..\n..b\n\r\n')
  assert.equal(await client.body('RETR 3'), '')
  assert.equal(await client.body('TOP 3 9'), '')
  await client.ok('QUIT')
})

test('TOP: the header, the empty line, and so many lines of the body', async () => {
  const header = `Subject: x\r\n${`X-Long: ${'y'.repeat(900)}\r\n`.repeat(50)}\r\n`
  const body = ['.1', '', '3', '4'].map((line) => `${line}\r\n`)
  const client = await pop3.login(await pop3.filled(header + body.join(''), 'Subject: no body'))
  for (let lines = 0; lines < 6; lines++)
    assert.ok(unstuffed(await client.body(`TOP 1 ${lines}`)) === header + body.slice(0, lines).join(''), `${lines} lines`)
  assert.equal(await client.body('TOP 2 0'), 'Subject: no body\r\n')
  await client.ok('QUIT')
})

test('TOP does not read the whole message', async () => {
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
  const client = await pop3.login(await pop3.filled(message('x', 'line\r\n'.repeat(2_000_000))), tlsPort)
  assert.equal(await client.body('TOP 1 2'), message('x', 'line\r\nline\r\n'))
  assert.equal(read, 16 * 1024)
  await client.ok('QUIT')
})

test('pipelined commands are answered in order, STLS included in none', async () => {
  const mailbox = await pop3.filled(message('1'), message('2'))
  const client = await pop3.connect()
  client.write(
    `USER ${mailbox.address}\r\nPASS ${latin1(PASSWORD)}\r\nSTAT\r\nRETR 2\r\nDELE 2\nNOPE\r\nDELE 1\r\nQUIT\r\nSTAT\r\n`,
  )
  const answers = (await client.all()).split('\r\n')
  assert.deepEqual(
    answers.map((line) => line.slice(0, 7)),
    ['+OK Now', '+OK Mai', '+OK 2 3', '+OK 17 ', 'Subject', '', '2', '.', '+OK Mes', '-ERR Un', '+OK Mes', '+OK Goo', ''],
  )
  assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 0)
})
