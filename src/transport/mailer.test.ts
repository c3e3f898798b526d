import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestAuthority } from '../seal/test-authority.ts'
import { createMailer } from './mailer.ts'
import { MESSAGE, mailTo, short, testMailer } from './test-mailer.ts'
import { startScripted, startServer, testAuthority } from './test-smtp.ts'

const { authority, localhost } = await testAuthority()
const tlsRoots = authority.certificate

test('certified mail goes over verified TLS, byte for byte', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  const bytes = Buffer.from(`${MESSAGE}.dot\r\n..two\r\n.\r\nper\u00f2\r\n${'x'.repeat(300_000)}\r\n.`, 'utf8')
  const content = [bytes.subarray(0, 50), bytes.subarray(50, 64), bytes.subarray(64)]
  const results = await mailer.send(mailTo(['b@peer.test', 'c@peer.test'], { certified: true, content }))
  assert.deepEqual(short(results), ['b@peer.test sent 2.0.0', 'c@peer.test sent 2.0.0'])
  assert.match(results[0]?.text ?? '', /^localhost: 250 2\.0\.0 taken$/)
  const [mail] = server.received
  assert(mail)
  // A message ends with a line end (RFC 5321 4.1.1.4): this one had none.
  assert.equal(mail.bytes.toString('latin1'), `${bytes.toString('latin1')}\r\n`)
  assert.deepEqual(
    [mail.from, mail.to, mail.secure, mail.mailArgs['BODY'], mail.mailArgs['SIZE']],
    ['a@sender.test', ['b@peer.test', 'c@peer.test'], true, '8BITMIME', String(bytes.length)],
  )
})

test('the null reverse path, and no 8BITMIME for ASCII', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  await testMailer(context, server.port, { tlsRoots }).send(mailTo(['b@peer.test'], { certified: true, from: '' }))
  assert.equal(server.received[0]?.from, '')
  assert.equal(server.received[0].mailArgs['BODY'], undefined)
})

test('a static route to an IP address needs a certificate for that address', async (context) => {
  const byName = await authority.issueTlsCertificate({ names: ['localhost'] })
  for (const [pair, outcome] of [
    [localhost, 'sent'],
    [byName, 'deferred'],
  ] as const) {
    const server = await startServer(pair)
    context.after(() => server.close())
    const routes = new Map([['peer.test', { host: '127.0.0.1', port: server.port }]])
    const [result] = await testMailer(context, 0, { routes, tlsRoots }).send(mailTo(['b@peer.test'], { certified: true }))
    assert.equal(result?.outcome, outcome)
  }
})

test('certified mail does not go without TLS, nor to a certificate that nobody vouches for, nor to that of another host', async (context) => {
  const stranger = await createTestAuthority({ name: 'Stranger', now: Date.now() })
  const unknown = await stranger.issueTlsCertificate({ names: ['localhost'] })
  const otherName = await authority.issueTlsCertificate({ names: ['other.test'] })
  for (const [pair, status, text] of [
    [null, '4.7.4', /no TLS/],
    [unknown, '4.7.5', /TLS failed/],
    [otherName, '4.7.5', /other\.test/],
  ] as const) {
    const server = await startServer(pair)
    context.after(() => server.close())
    const mailer = testMailer(context, server.port, { tlsRoots })
    const [result] = await mailer.send(mailTo(['b@peer.test'], { certified: true }))
    assert.equal(`${result?.outcome} ${result?.status}`, `deferred ${status}`)
    assert.match(result?.text ?? '', text)
    assert.equal(server.received.length, 0)
    // Ordinary mail takes what there is.
    assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test']))), ['b@peer.test sent 2.0.0'])
    assert.equal(server.received[0]?.secure, pair !== null)
  }
})

test('an old TLS is none: certified mail waits, ordinary mail goes in clear', async (context) => {
  const server = await startServer(localhost, {
    key: localhost.key,
    cert: localhost.certificate,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL@SECLEVEL=0',
  })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test'], { certified: true }))), ['b@peer.test deferred 4.7.5'])
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test']))), ['b@peer.test sent 2.0.0'])
  assert.equal(server.received[0]?.secure, false)
})

test('each recipient has the answer of the server, and those accepted get the message', async (context) => {
  const server = await startServer(localhost, {
    onRcptTo({ address }, _session, callback) {
      const code = { 'gone@peer.test': 550, 'full@peer.test': 452 }[address]
      callback(code ? Object.assign(new Error('not\tnow'), { responseCode: code }) : null)
    },
  })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  const to = ['b@peer.test', 'gone@peer.test', 'c@peer.test', 'full@peer.test', '<x@peer.test', 'a\r\nb@peer.test', 'b@peer.test']
  assert.deepEqual(short(await mailer.send(mailTo(to, { certified: true }))), [
    'b@peer.test sent 2.0.0',
    'gone@peer.test failed 5.1.1',
    'c@peer.test sent 2.0.0',
    'full@peer.test deferred 4.2.2',
    '<x@peer.test failed 5.1.3',
    'a\r\nb@peer.test failed 5.1.3',
    'b@peer.test sent 2.0.0',
  ])
  assert.deepEqual(
    server.received.map((mail) => mail.to),
    [['b@peer.test', 'c@peer.test']],
  )
  assert.deepEqual(short(await mailer.send(mailTo(['gone@peer.test', 'full@peer.test']))), [
    'gone@peer.test failed 5.1.1',
    'full@peer.test deferred 4.2.2',
  ])
})

test('more than a hundred recipients go in groups of a hundred', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const to = Array.from({ length: 230 }, (_, index) => `r${index}@peer.test`)
  const results = await testMailer(context, server.port, { tlsRoots }).send(mailTo(to, { certified: true }))
  assert.deepEqual(
    results.map(({ recipient }) => recipient),
    to,
  )
  assert.deepEqual(
    server.received.map((mail) => mail.to.length).sort((a, b) => a - b),
    [30, 100, 100],
  )
})

test('a message larger than the server announces is final without being sent', async (context) => {
  const server = await startServer(localhost, { size: 1000 })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  const content = [Buffer.alloc(1001, 'x\r\n')]
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test'], { content }))), ['b@peer.test failed 5.3.4'])
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test']))), ['b@peer.test sent 2.0.0'])
  assert.equal(server.connections.total, 1)
})

test('a refused message leaves a session that can be used again', async (context) => {
  let refuse = true
  const server = await startScripted({
    RCPT: (line) => (line.includes('gone') ? '550 5.1.1 gone' : '250 ok'),
    MAIL: () => (refuse ? '550 5.7.1 not you' : '250 ok'),
  })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port)
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test', 'gone@peer.test']))), [
    'b@peer.test failed 5.7.1',
    'gone@peer.test failed 5.7.1',
  ])
  refuse = false
  assert.deepEqual(short(await mailer.send(mailTo(['gone@peer.test']))), ['gone@peer.test failed 5.1.1'])
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test', 'gone@peer.test']))), [
    'b@peer.test sent 2.0.0',
    'gone@peer.test failed 5.1.1',
  ])
  assert.equal(server.connections(), 1)
  assert.equal(server.commands.filter((line) => line === 'RSET').length, 2)
})

test('a bad key, bad roots or bad name servers are known at once', () => {
  const deps = {
    routes: new Map(),
    dnsServers: [],
    tlsRoots: undefined,
    serverName: 'x.test',
    report: () => undefined,
    now: Date.now,
  }
  assert.throws(() => createMailer({ ...deps, dkim: { selector: 's', privateKey: 'none' } }))
  assert.throws(() => createMailer({ ...deps, dnsServers: ['not-an-address'] }))
  assert.throws(() => createMailer({ ...deps, tlsRoots: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }))
})
