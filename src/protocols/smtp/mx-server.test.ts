/** The MX port as servers, spammers and broken connections use it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { defer } from '../../../test/support/cleanup.ts'
import { Dialog } from '../../../test/support/dialog.ts'
import { execute } from '../../../test/support/execute.ts'
import { requireTools } from '../../../test/support/tools.ts'
import { clientError, temporaryError } from '../../base/errors.ts'
import type { IncomingRequest } from '../../incoming/request.ts'
import { ensureTestKeys } from '../../seal/test-keys.ts'
import { lastFirst, testFolder } from '../../storage/test-database.ts'
import { createMxServer, type MxServerDeps } from './mx-server.ts'

const MARIO = 'mario@pec.test'
const LUCIA = 'lucia@pec.test'
const LIMITS = { messageBytes: 1_000_000, recipients: 100, connections: 20 }

const folder = testFolder(lastFirst({ after }))
const keys = await ensureTestKeys(join(folder, 'keys'), {
  providerName: 'Gestore Prova',
  address: 'posta-certificata@pec.test',
  names: ['localhost'],
  now: Date.now(),
})
const ca = keys.ca.certificatePath

interface Checked {
  readonly address: string
  readonly reversePath: string
  readonly clientAddress: string
}

/** A server, what it was asked about recipients, and what it received. */
async function serve(t: TestContext, more: Partial<MxServerDeps> = {}) {
  const received: IncomingRequest[] = []
  const checked: Checked[] = []
  const server = createMxServer({
    checkRecipient(address, reversePath, clientAddress) {
      checked.push({ address, reversePath, clientAddress })
      if (address.endsWith('@pec.test')) return Promise.resolve()
      return Promise.reject(clientError('relay-denied', 'That domain is not served here'))
    },
    receive(request) {
      received.push(request)
      return Promise.resolve()
    },
    postmaster: 'postmaster@pec.test',
    tls: { key: keys.tls.key, cert: keys.tls.certificate },
    serverName: 'mx.pec.test',
    limits: LIMITS,
    ...more,
  })
  const port = await server.listen({ host: '127.0.0.1', port: 0 })
  defer(t, () => server.close())

  async function dialog(): Promise<Dialog> {
    const opened = Dialog.connect(t, { port, ca })
    assert.match(await opened.reply(), /^220 mx\.pec\.test ESMTP /)
    return opened
  }

  /** A dialogue that has come to the 354. */
  async function inData(recipients = [MARIO]): Promise<Dialog> {
    const opened = await dialog()
    await opened.say('EHLO client.test')
    assert.match(await opened.say('MAIL FROM:<anna@elsewhere.test>'), /^250 /)
    for (const recipient of recipients) assert.match(await opened.say(`RCPT TO:<${recipient}>`), /^250 /)
    assert.match(await opened.say('DATA'), /^354 /)
    return opened
  }

  return { port, received, checked, dialog, inData, send: async (lines: string) => (await inData()).say(`${lines}\r\n.`) }
}

test('swaks hands in a message over STARTTLS, byte for byte, with where it came from', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const { port, received, checked } = await serve(t)
  const message = 'From: anna@elsewhere.test\r\nSubject: Perch\xe9\r\n\r\n.punto\r\nultima riga\r\n'
  const server = ['--server', `localhost:${port}`, '--tls', '--tls-verify', '--tls-ca-path', ca, '--helo', 'mail.elsewhere.test']
  const mail = ['--from', 'anna@elsewhere.test', '--to', `${MARIO},${LUCIA},MARIO@PEC.test`, '--data', '-', '--no-data-fixup']
  const input = Buffer.from(`${message.replace('.punto', '..punto')}.`, 'latin1')
  const { code, stdout } = await execute('swaks', [...server, ...mail], { input })
  assert.equal(code, 0, stdout)
  assert.match(stdout, /TLS started with cipher TLSv1\.[23]/)
  assert.equal(received.length, 1)
  assert.equal(received[0]?.bytes.toString('latin1'), message)
  assert.deepEqual(
    { ...received[0], bytes: undefined },
    {
      reversePath: 'anna@elsewhere.test',
      recipients: [MARIO, LUCIA],
      bytes: undefined,
      client: { address: '127.0.0.1', name: 'mail.elsewhere.test', protocol: 'ESMTPS' },
    },
  )
  assert.deepEqual(checked[0], { address: MARIO, reversePath: 'anna@elsewhere.test', clientAddress: '127.0.0.1' })
})

test('it announces what it can, takes mail in clear, and offers no login (RFC 6109 5.3)', async (t) => {
  const { dialog, received } = await serve(t)
  const client = await dialog()
  const features = (await client.say('EHLO odd(name;')).split('\r\n').slice(1)
  assert.deepEqual(features, ['250-PIPELINING', '250-8BITMIME', '250-STARTTLS', `250 SIZE ${LIMITS.messageBytes}`])
  assert.match(await client.say('AUTH PLAIN AAAA'), /^5\d\d /)
  assert.match(await client.say('MAIL FROM:<anna@elsewhere.test> BODY=8BITMIME'), /^250 /)
  await client.say(`RCPT TO:<${MARIO}>`)
  await client.say('DATA')
  assert.match(await client.say('Subject: x', '', 'testo', '.'), /^250 2\.0\.0 /)
  assert.deepEqual(received[0]?.client, { address: '127.0.0.1', name: 'odd?name?', protocol: 'ESMTP' })
})

test('STARTTLS forgets what was said before, and speaks no TLS older than 1.2', async (t) => {
  const { dialog, received } = await serve(t)
  const client = await dialog()
  await client.say('EHLO before.test')
  await client.say('MAIL FROM:<before@elsewhere.test>')
  assert.match(await client.say('STARTTLS', `RCPT TO:<${MARIO}>`, 'NOOP'), /^220 /)
  await client.secure()
  assert.match(await client.say(`RCPT TO:<${MARIO}>`), /^503 /)
  assert.doesNotMatch(await client.say('EHLO within.test'), /STARTTLS/)
  await client.say('MAIL FROM:<anna@elsewhere.test>')
  await client.say(`RCPT TO:<${MARIO}>`)
  await client.say('DATA')
  await client.say('', 'testo', '.')
  assert.equal(received[0]?.client.protocol, 'ESMTPS')

  const old = await dialog()
  await old.say('EHLO old.test')
  await old.say('STARTTLS')
  await assert.rejects(old.secure({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), {
    code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  })
})

test('the null reverse path, and postmaster without a domain (RFC 5321 4.5.5, 4.5.1)', async (t) => {
  const { dialog, received, checked } = await serve(t)
  const client = await dialog()
  await client.say('EHLO client.test')
  assert.match(await client.say('MAIL FROM:<>'), /^250 /)
  assert.match(await client.say('RCPT TO:<PostMaster>'), /^250 /)
  assert.match(await client.say('DATA'), /^354 /)
  assert.match(await client.say('Subject: rapporto', '', '.'), /^250 /)
  assert.equal(received[0]?.reversePath, '')
  assert.deepEqual(received[0]?.recipients, ['postmaster@pec.test'])
  assert.deepEqual(checked, [{ address: 'postmaster@pec.test', reversePath: '', clientAddress: '127.0.0.1' }])
})

test('paths come in one spelling; what is no address is refused', async (t) => {
  const { dialog, received } = await serve(t)
  const client = await dialog()
  await client.say('EHLO client.test')
  const nonAscii = Buffer.from('perché@elsewhere.test').toString('latin1')
  assert.match(await client.say(`MAIL FROM:<${nonAscii}> SMTPUTF8`), /^553 5\.6\.7 /)
  for (const bad of ['<a b@c.test>', '<a@b@c.test>', '<@c.test>', 'anna@elsewhere.test', '<a\0@c.test>', '<..@c.test>'])
    assert.match(await client.say(`MAIL FROM:${bad}`), /^5\d\d /, bad)
  assert.match(await client.say('MAIL FROM:<@relay.test:"anna"@XN--PERCH-FSA.test>'), /^250 /)
  assert.match(await client.say('RCPT TO:<"mario"@pec.test>'), /^250 /)
  assert.match(await client.say('RCPT TO:<>'), /^501 /)
  await client.say('DATA')
  await client.say('', 'testo', '.')
  assert.equal(received[0]?.reversePath.toLowerCase(), 'anna@xn--perch-fsa.test')
  assert.deepEqual(received[0]?.recipients, [MARIO])
})

test('no relay; errors of the house become replies, and what is not known may be tried again', async (t) => {
  const errors: Record<string, Error> = {
    none: clientError('no-such-mailbox', 'There is no such mailbox'),
    closed: clientError('mailbox-disabled', 'It takes no mail now'),
    certified: clientError('certified-only', 'It takes certified mail only'),
    down: temporaryError('database-unavailable', 'no connection to 10.0.0.7'),
    odd: new Error('something odd'),
  }
  const { dialog } = await serve(t, {
    checkRecipient(address) {
      const [local = '', domain] = address.split('@')
      if (domain !== 'pec.test') return Promise.reject(clientError('relay-denied', 'That domain is not served here'))
      return errors[local] ? Promise.reject(errors[local]) : Promise.resolve()
    },
  })
  const client = await dialog()
  await client.say('EHLO client.test')
  await client.say('MAIL FROM:<anna@elsewhere.test>')
  const later = '451 4.3.0 The message cannot be taken at the moment: try again later'
  const answers = {
    'x@elsewhere.test': '550 5.7.1 That domain is not served here',
    'mario%elsewhere.test@other.test': '550 5.7.1 That domain is not served here',
    'none@pec.test': '550 5.1.1 There is no such mailbox',
    'closed@pec.test': '550 5.2.1 It takes no mail now',
    'certified@pec.test': '550 5.7.1 It takes certified mail only',
    'down@pec.test': later,
    'odd@pec.test': later,
    'mario@pec.test': '250 Accepted',
  }
  for (const [address, answer] of Object.entries(answers)) assert.equal(await client.say(`RCPT TO:<${address}>`), answer)
})

test('250 is said only when the message was received; a failure says whether to try again', async (t) => {
  let finish: ((error?: Error) => void) | undefined
  let begun: (() => void) | undefined
  const { inData } = await serve(t, {
    receive: () =>
      new Promise((resolve, reject) => {
        finish = (error) => (error ? reject(error) : resolve())
        begun?.()
      }),
  })
  const outcomes: [Error | undefined, RegExp][] = [
    [undefined, /^250 2\.0\.0 /],
    [temporaryError('disk-full', 'no room on /srv'), /^451 4\.3\.0 .*try again later$/],
    [clientError('threat-found', 'The message was refused: Eicar'), /^550 5\.7\.1 The message was refused: Eicar$/],
  ]
  for (const [error, wanted] of outcomes) {
    const client = await inData()
    const taken = new Promise<void>((resolve) => (begun = resolve))
    let answered = false
    const answer = client.say('', 'testo', '.').finally(() => (answered = true))
    await taken
    assert.equal(answered, false)
    finish?.(error)
    assert.match(await answer, wanted)
  }
})

test('a hundred recipients are taken, those beyond are to be tried later (RFC 5321 4.5.3.1.8)', async (t) => {
  const { dialog, received } = await serve(t)
  const client = await dialog()
  await client.say('EHLO client.test')
  const all = Array.from({ length: 103 }, (_, index) => `r${index}@pec.test`)
  const answers = [await client.say('MAIL FROM:<a@b.test>', ...all.map((address) => `RCPT TO:<${address}>`), 'DATA')]
  for (let left = all.length + 1; left > 0; left--) answers.push(await client.reply())
  assert.deepEqual([...new Set(answers.slice(0, 101))], ['250 Accepted'])
  assert.deepEqual([...new Set(answers.slice(101, 104).map((answer) => answer.slice(0, 3)))], ['452'])
  assert.match(answers.at(-1) ?? '', /^354 /)
  assert.match(await client.say('', 'testo', '.'), /^250 /)
  assert.deepEqual(received[0]?.recipients, all.slice(0, 100))
})

test('a message too large is refused when it says so, and when it does not', async (t) => {
  const { dialog, received, inData } = await serve(t)
  const client = await dialog()
  await client.say('EHLO client.test')
  assert.match(await client.say(`MAIL FROM:<a@b.test> SIZE=${LIMITS.messageBytes + 1}`), /^552 /)
  const large = await inData()
  const line = `${'x'.repeat(98)}\r\n`
  assert.match(await large.say(`\r\n${line.repeat(10_000)}.`), /^552 5\.3\.4 /)
  // The connection goes on, and what just fits is taken.
  await large.say('MAIL FROM:<a@b.test>')
  await large.say(`RCPT TO:<${MARIO}>`)
  await large.say('DATA')
  assert.match(await large.say(`\r\n${line.repeat(9_999)}${'x'.repeat(96)}\r\n.`), /^250 /)
  assert.deepEqual(
    received.map(({ bytes }) => bytes.length),
    [LIMITS.messageBytes],
  )
})

test('what no server may pass on: NUL bytes, an endless header, a message that goes round in circles', async (t) => {
  const { send, received } = await serve(t, { limits: { ...LIMITS, messageBytes: 10_000_000 } })
  assert.match(await send('Subject: x\r\n\r\ntes\0to'), /^550 5\.6\.0 .*NUL/)
  assert.match(await send(`Subject: x\0\r\n\r\ntesto`), /^550 5\.6\.0 .*NUL/)
  assert.match(await send('a:\r\n'.repeat(300_000)), /^552 5\.3\.4 The header/)
  const trace = 'Received: from a by b;\r\n\tSun, 15 Mar 2026 10:30:00 +0100\r\n'
  assert.match(await send(`${trace.repeat(51)}\r\ntesto`), /^554 5\.4\.6 /)
  assert.equal(received.length, 0)
  assert.match(await send(`${trace.repeat(50)}\r\n${trace.repeat(5)}`), /^250 /)
  assert.equal(received.length, 1)
})

test('only CRLF "." CRLF ends a message: nothing is smuggled in behind another end', async (t) => {
  for (const end of ['\n.\n', '\n.\r\n', '\r.\r', '\r.\n', '\r\n.\n', '\r\n.\r', '\r\n\0.\r\n', '\n\n.\r\n']) {
    const { inData, received } = await serve(t)
    const client = await inData()
    const smuggled = `MAIL FROM:<boss@pec.test>\r\nRCPT TO:<${LUCIA}>\r\nDATA\r\n\r\nsmuggled`
    const answer = await client.say(`Subject: x\r\n\r\ntesto${end}${smuggled}\r\n.`, 'QUIT')
    const [message] = received
    assert.match(answer, end.includes('\0') ? /^550 / : /^250 /, JSON.stringify(end))
    assert.match(await client.reply(), /^221 /)
    if (end.includes('\0')) continue
    assert.equal(received.length, 1)
    assert.deepEqual(message?.recipients, [MARIO])
    assert.equal(message?.bytes.toString('latin1'), `Subject: x\r\n\r\ntesto${end}${smuggled}\r\n`)
  }
})

test('commands may come all at once, also behind a message (RFC 2920)', async (t) => {
  const { dialog, received } = await serve(t)
  const client = await dialog()
  await client.say('EHLO client.test')
  const transaction = (subject: string): string[] => [
    'MAIL FROM:<a@b.test>',
    `RCPT TO:<${MARIO}>`,
    'DATA',
    `Subject: ${subject}`,
    '',
    '..punto',
    '.',
  ]
  const answers = [await client.say(...transaction('uno'), ...transaction('due'), 'QUIT')]
  for (let left = 8; left > 0; left--) answers.push(await client.reply())
  assert.deepEqual(
    answers.map((answer) => answer.slice(0, 3)),
    ['250', '250', '354', '250', '250', '250', '354', '250', '221'],
  )
  assert.deepEqual(
    received.map(({ bytes }) => bytes.toString()),
    ['uno', 'due'].map((subject) => `Subject: ${subject}\r\n\r\n.punto\r\n`),
  )
})

test('a connection that breaks off in the middle of a message leaves nothing, and the port goes on', async (t) => {
  const { inData, received } = await serve(t)
  await (await inData()).hangUp('Subject: interrotto\r\n\r\nmeta')
  const whole = await inData()
  assert.match(await whole.say('', 'intero', '.'), /^250 /)
  assert.deepEqual(
    received.map(({ bytes }) => bytes.toString()),
    ['\r\nintero\r\n'],
  )
})

test('who is silent, or lets a message trickle in, is not waited for', { timeout: 10_000 }, async (t) => {
  const silent = await serve(t, { timeouts: { idle: 200, message: 60_000 } })
  const waiting = await silent.dialog()
  assert.match(await waiting.reply(), /^421 /)
  assert.equal(await waiting.reply(), '')
  const halfway = await silent.inData()
  halfway.write('Subject: a meta\r\n')
  assert.match(await halfway.reply(), /^421 /)

  const slow = await serve(t, { timeouts: { idle: 60_000, message: 200 } })
  const trickling = await slow.inData()
  const drops = setInterval(() => trickling.write('x'), 20)
  t.after(() => clearInterval(drops))
  assert.match(await trickling.reply(), /^421 4\.4\.2 /)
  assert.equal(await trickling.reply(), '')
  assert.equal(silent.received.length + slow.received.length, 0)
})

test('one address has only so many connections; one that is closed makes room', async (t) => {
  const { dialog, port } = await serve(t, { limits: { ...LIMITS, connections: 2 } })
  const first = await dialog()
  await dialog()
  const third = Dialog.connect(t, { port, ca })
  assert.match(await third.reply(), /^421 4\.7\.0 /)
  assert.equal(await third.reply(), '')
  assert.match(await first.say('QUIT'), /^221 /)
  assert.equal(await first.reply(), '')
  await dialog()
})

test('garbage does no harm: TLS in clear, binary, endless commands', async (t) => {
  const { port, send } = await serve(t)
  const impatient = connectTls({ port, host: 'localhost', rejectUnauthorized: false })
  await new Promise((resolve) => impatient.once('error', resolve))
  const binary = Dialog.connect(t, { port, ca })
  await binary.reply()
  binary.write('\xff\0\xfe'.repeat(50_000))
  assert.match(await binary.reply(), /^421 /)
  assert.match(await send('Subject: x\r\n\r\ntesto'), /^250 /)
})
