import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { SMTPServerOptions } from 'smtp-server'
import { mailTo, short, testMailer } from './test-mailer.ts'
import { startScripted, startServer, testAuthority } from './test-smtp.ts'

const { authority, localhost } = await testAuthority()
const tlsRoots = authority.certificate

/** A server that answers a message when the test says so. */
async function startGated(context: TestContext) {
  const waiting: { from: string; answer: () => void }[] = []
  let told: (() => void) | undefined
  const onData: NonNullable<SMTPServerOptions['onData']> = (stream, session, callback) => {
    stream.resume()
    stream.on('end', () => {
      const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
      waiting.push({ from, answer: () => callback(null, '2.0.0 taken') })
      told?.()
    })
  }
  const server = await startServer(localhost, { onData })
  context.after(() => server.close())
  return {
    ...server,
    waiting,
    /** when so many messages wait for their answer */
    async until(count: number): Promise<void> {
      while (waiting.length < count) await new Promise<void>((resolve) => (told = resolve))
    },
  }
}

const certified = (from = 'a@sender.test') => mailTo(['b@peer.test'], { certified: true, from })

test('a lane has twelve connections, and keeps them for what comes next', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  for (let round = 0; round < 2; round++) {
    const results = (await Promise.all(Array.from({ length: 50 }, () => mailer.send(certified())))).flat()
    assert.equal(results.filter(({ outcome }) => outcome === 'sent').length, 50)
  }
  assert.equal(server.received.length, 100)
  assert.equal(server.connections.total, 12)
})

test('who waits longest goes next', async (context) => {
  const server = await startGated(context)
  const mailer = testMailer(context, server.port, { tlsRoots, limits: { connections: 1 } })
  const order = ['one@x.test', 'two@x.test', 'three@x.test', 'four@x.test']
  const sending = order.map((from) => mailer.send(certified(from)))
  for (let count = 1; count <= order.length; count++) {
    await server.until(count)
    server.waiting[count - 1]?.answer()
  }
  await Promise.all(sending)
  assert.deepEqual(
    server.waiting.map(({ from }) => from),
    order,
  )
  assert.equal(server.connections.total, 1)
})

test('a session ends after so many messages', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots, limits: { connections: 1, messages: 3 } })
  for (let count = 0; count < 7; count++) await mailer.send(certified())
  assert.equal(server.connections.total, 3)
})

test('a session without work is closed after a while', async (context) => {
  let closed: (() => void) | undefined
  const server = await startServer(localhost, { onClose: () => closed?.() })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots, limits: { idle: 20 } })
  const end = new Promise<void>((resolve) => (closed = resolve))
  await mailer.send(certified())
  await end
  assert.deepEqual(short(await mailer.send(certified())), ['b@peer.test sent 2.0.0'])
  assert.equal(server.connections.total, 2)
})

test('certified and ordinary mail to one server do not share a connection', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { tlsRoots })
  await mailer.send(mailTo(['b@peer.test']))
  await mailer.send(certified())
  assert.equal(server.connections.total, 2)
})

test('no more connections than allowed in all: an idle one elsewhere makes room, else mail waits its turn', async (context) => {
  const servers = [await startGated(context), await startGated(context), await startGated(context)]
  const routes = new Map(servers.map(({ port }, index) => [`${index}.test`, { host: 'localhost', port }]))
  const mailer = testMailer(context, 0, { routes, tlsRoots, limits: { total: 2 } })
  const send = (index: number) => mailer.send({ ...certified(), domain: `${index}.test` })
  const [first, second, third] = servers
  assert(first && second && third)

  const one = send(0)
  await first.until(1)
  first.waiting[0]?.answer()
  await one
  const busy = [send(1), send(2)]
  // The first server's idle session has made room for the third's.
  await Promise.all([second.until(1), third.until(1)])
  const late = send(0)
  second.waiting[0]?.answer()
  await first.until(2)
  first.waiting[1]?.answer()
  third.waiting[0]?.answer()
  for (const results of await Promise.all([...busy, late])) assert.equal(results[0]?.outcome, 'sent')
  assert.deepEqual(
    servers.map(({ connections }) => connections.total),
    [2, 1, 1],
  )
})

test('a busy lane does not keep others from their turn', async (context) => {
  const [busy, other] = [await startScripted({}), await startScripted({})]
  context.after(() => Promise.all([busy.close(), other.close()]))
  const routes = new Map([
    ['busy.test', { host: 'localhost', port: busy.port }],
    ['other.test', { host: 'localhost', port: other.port }],
  ])
  const mailer = testMailer(context, 0, { routes, limits: { total: 2 } })
  const before = Array.from({ length: 200 }, () => mailer.send(mailTo(['b@peer.test'], { domain: 'busy.test' })))
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test'], { domain: 'other.test' }))), ['b@peer.test sent 2.0.0'])
  const sent = busy.commands.filter((line) => line.startsWith('MAIL')).length
  assert(sent < 100, `the other lane waited for ${sent} messages`)
  assert.equal((await Promise.all(before)).flat().filter(({ outcome }) => outcome === 'sent').length, 200)
})

test('mail that finds a kept session closed goes over another at once', async (context) => {
  for (const last of ['cut', '421 4.3.2 closing'] as const) {
    let messages = 0
    const server = await startScripted({ MAIL: () => (messages++ === 1 ? last : '250 ok') })
    context.after(() => server.close())
    const mailer = testMailer(context, server.port)
    for (let count = 0; count < 2; count++)
      assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test']))), ['b@peer.test sent 2.0.0'])
    assert.equal(server.connections(), 2)
  }
})

test('a server that takes fewer connections than ours gets all mail over those it takes', async (context) => {
  const server = await startScripted((connection) => (connection === 0 ? {} : { greeting: '421 4.7.0 too many connections' }))
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { limits: { connections: 4 } })
  const results = (await Promise.all(Array.from({ length: 30 }, () => mailer.send(mailTo(['b@peer.test']))))).flat()
  assert.equal(results.filter(({ outcome }) => outcome === 'sent').length, 30)
  assert.equal(server.connections(), 4)
})

test('when a server is down, all who wait for it know it at once', async (context) => {
  const server = await startScripted({ greeting: 'cut' })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { limits: { connections: 4 } })
  const results = (await Promise.all(Array.from({ length: 30 }, () => mailer.send(mailTo(['b@peer.test']))))).flat()
  assert.equal(results.filter(({ outcome }) => outcome === 'deferred').length, 30)
  assert.equal(server.connections(), 4)
})

test('who waits too long, or finds the line too long, is deferred', async (context) => {
  const server = await startGated(context)
  const mailer = testMailer(context, server.port, { tlsRoots, limits: { connections: 1, wait: 500, line: 1 } })
  const first = mailer.send(certified())
  await server.until(1)
  const [second, third] = [mailer.send(certified()), mailer.send(certified())]
  assert.deepEqual(short(await third), ['b@peer.test deferred 4.4.5'])
  assert.deepEqual(short(await second), ['b@peer.test deferred 4.4.5'])
  server.waiting[0]?.answer()
  assert.deepEqual(short(await first), ['b@peer.test sent 2.0.0'])
})

test('close lets work end, and defers what waits and what comes', async (context) => {
  const server = await startGated(context)
  const mailer = testMailer(context, server.port, { tlsRoots, limits: { connections: 1 } })
  const [first, second] = [mailer.send(certified()), mailer.send(certified())]
  await server.until(1)
  const closed = mailer.close()
  assert.deepEqual(short(await second), ['b@peer.test deferred 4.3.2'])
  assert.deepEqual(short(await mailer.send(certified())), ['b@peer.test deferred 4.3.2'])
  server.waiting[0]?.answer()
  assert.deepEqual(short(await first), ['b@peer.test sent 2.0.0'])
  await closed
})

test('close ends what hangs, in an opening and in a message', async (context) => {
  const [inGreeting, inMessage] = [await startScripted({ greeting: 'hang' }), await startGated(context)]
  context.after(() => inGreeting.close())
  const routes = new Map([
    ['greeting.test', { host: 'localhost', port: inGreeting.port }],
    ['message.test', { host: 'localhost', port: inMessage.port }],
  ])
  const mailer = testMailer(context, 0, { routes, tlsRoots, limits: { close: 50 } })
  const sending = [
    mailer.send({ ...certified(), domain: 'greeting.test', certified: false }),
    mailer.send({ ...certified(), domain: 'message.test' }),
  ]
  await inMessage.until(1)
  await mailer.close()
  for (const results of await Promise.all(sending)) assert.deepEqual(short(results), ['b@peer.test deferred 4.3.2'])
})
