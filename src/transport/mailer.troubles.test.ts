/** Servers that break off, hang or refuse in each phase. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { QUICK, mailTo, short, testMailer } from './test-mailer.ts'
import { startScripted } from './test-smtp.ts'
import type { Script } from './test-smtp.ts'

const PIPELINING = '250-scripted.test\r\n250-PIPELINING\r\n250 8BITMIME'

const ANSWERS: [name: string, script: Script, result: string][] = [
  ['4xx greeting', { greeting: '450 4.3.2 later' }, 'deferred 4.3.2'],
  ['5xx greeting', { greeting: '554 5.7.1 no service' }, 'deferred 4.7.1'],
  ['421 greeting', { greeting: '421 4.3.2 full' }, 'deferred 4.3.2'],
  ['4xx MAIL', { MAIL: '451 4.7.1 wait' }, 'deferred 4.7.1'],
  ['5xx MAIL', { MAIL: '550 5.1.8 no' }, 'failed 5.1.8'],
  ['4xx RCPT', { RCPT: '450 4.2.0 greylisted' }, 'deferred 4.2.0'],
  ['5xx RCPT', { RCPT: '550 who?' }, 'failed 5.1.1'],
  ['421 RCPT', { RCPT: '421 4.7.0 enough' }, 'deferred 4.7.0'],
  ['4xx DATA', { DATA: '451 4.3.0 no room' }, 'deferred 4.3.0'],
  ['5xx DATA', { DATA: '554 5.5.0 no' }, 'failed 5.5.0'],
  ['4xx final', { final: '451 4.3.0 try later' }, 'deferred 4.3.0'],
  ['5xx final', { final: '554-5.6.0 bad\r\n554 5.6.0 content' }, 'failed 5.6.0'],
  ['421 final', { final: '421 4.3.2 going' }, 'deferred 4.3.2'],
]

for (const pipelining of [false, true])
  for (const [name, script, result] of ANSWERS)
    test(`${name}${pipelining ? ' with pipelining' : ''}`, async (context) => {
      const server = await startScripted(pipelining ? { EHLO: PIPELINING, ...script } : script)
      context.after(() => server.close())
      const mailer = testMailer(context, server.port, { bounds: QUICK })
      assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test', 'c@peer.test']))), [
        `b@peer.test ${result}`,
        `c@peer.test ${result}`,
      ])
    })

const PHASES = ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'final'] as const

for (const how of ['cut', 'hang'] as const)
  for (const phase of PHASES)
    test(`${how} at ${phase}`, async (context) => {
      const server = await startScripted({ [phase]: how })
      context.after(() => server.close())
      const mailer = testMailer(context, server.port, { bounds: QUICK })
      const [result] = await mailer.send(mailTo(['b@peer.test']))
      assert.equal(`${result?.outcome} ${result?.status}`, 'deferred 4.4.2')
      assert.match(result?.text ?? '', /^localhost: .{10}/)
    })

test('a recipient refused for good stays so when the reply to the message is lost', async (context) => {
  const server = await startScripted({ RCPT: (line) => (line.includes('gone') ? '550 5.1.1 gone' : '250 ok'), final: 'cut' })
  context.after(() => server.close())
  const mailer = testMailer(context, server.port)
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test', 'gone@peer.test']))), [
    'b@peer.test deferred 4.4.2',
    'gone@peer.test failed 5.1.1',
  ])
  assert.equal(server.connections(), 1)
})

test('a connection cut in the middle of a large message', async (context) => {
  const server = await startScripted({ EHLO: PIPELINING, cutAfter: 100_000 })
  context.after(() => server.close())
  const content = [Buffer.alloc(20_000_000, 'line\r\n')]
  assert.deepEqual(short(await testMailer(context, server.port).send(mailTo(['b@peer.test'], { content }))), [
    'b@peer.test deferred 4.4.2',
  ])
})

test('a server that stops reading', async (context) => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('220 hi\r\n')
    socket.on('data', (chunk) => {
      socket.write(chunk.toString().startsWith('DATA') ? '354 go\r\n' : '250 ok\r\n')
      if (chunk.toString().startsWith('DATA')) socket.pause()
    })
    context.after(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const content = [Buffer.alloc(20_000_000, 'line\r\n')]
  const mailer = testMailer(context, (server.address() as AddressInfo).port, { bounds: QUICK })
  const [result] = await mailer.send(mailTo(['b@peer.test'], { content }))
  assert.equal(result?.status, '4.4.2')
  assert.match(result.text, /no answer within 0\.3 seconds/)
})

test('nobody listens', async (context) => {
  const server = await startScripted({})
  await server.close()
  const [result] = await testMailer(context, server.port).send(mailTo(['b@peer.test']))
  assert.equal(`${result?.outcome} ${result?.status}`, 'deferred 4.4.1')
  assert.match(result?.text ?? '', /ECONNREFUSED/)
})

test('a static route to a name that is not found', async (context) => {
  const routes = new Map([['*', { host: 'nowhere.invalid', port: 25 }]])
  const [result] = await testMailer(context, 0, { routes }).send(mailTo(['b@peer.test']))
  assert.equal(`${result?.outcome} ${result?.status}`, 'deferred 4.4.4')
})

test('a reply without end is cut off', async (context) => {
  const server = await startScripted({ greeting: `220-${'x'.repeat(200_000)}` })
  context.after(() => server.close())
  const [result] = await testMailer(context, server.port).send(mailTo(['b@peer.test']))
  assert.equal(`${result?.outcome} ${result?.status}`, 'deferred 4.4.2')
})
