/** Ordinary mail: hosts from DNS in their order, MTA-STS, DKIM. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { mailTo, short, testMailer } from './test-mailer.ts'
import type { StsPolicy } from './mta-sts.ts'
import { startDns } from '../../test/support/dns.ts'
import { skipWithout } from '../../test/support/tools.ts'
import { startServer, testAuthority } from './test-smtp.ts'

const { authority, localhost } = await testAuthority()

const skipDns = skipWithout('dnsmasq')
const RECORDS = {
  // On 127.0.0.2 nobody listens; gone.peer.test has no address.
  mx: {
    'peer.test': [
      { host: 'gone.peer.test', preference: 5 },
      { host: 'down.peer.test', preference: 10 },
      { host: 'up.peer.test', preference: 20 },
    ],
    'lost.test': [{ host: 'gone.peer.test', preference: 10 }],
    'null.test': [{ host: '.', preference: 0 }],
  },
  addresses: { 'down.peer.test': ['127.0.0.2'], 'up.peer.test': ['127.0.0.1'] },
}
const dns = skipDns === false ? await startDns({ after }, RECORDS) : ''

const fromDns = (port: number) => ({ routes: new Map(), dnsServers: [dns], port })

test(
  'the next host is tried when one cannot be reached, and its name must be in the certificate',
  { skip: skipDns },
  async (context) => {
    const named = await authority.issueTlsCertificate({ names: ['up.peer.test'] })
    const server = await startServer(named)
    context.after(() => server.close())
    const mailer = testMailer(context, 0, { ...fromDns(server.port), tlsRoots: authority.certificate })
    const [result] = await mailer.send(mailTo(['b@peer.test'], { certified: true }))
    assert.equal(result?.outcome, 'sent')
    assert.match(result.text, /^up\.peer\.test: 250/)
    assert.equal(server.received[0]?.secure, true)

    const wrong = await startServer(localhost)
    context.after(() => wrong.close())
    const other = testMailer(context, 0, { ...fromDns(wrong.port), tlsRoots: authority.certificate })
    assert.deepEqual(short(await other.send(mailTo(['b@peer.test'], { certified: true }))), ['b@peer.test deferred 4.7.5'])
  },
)

test('a word of a host on the mail is the last one', { skip: skipDns }, async (context) => {
  const server = await startServer(localhost, {
    onRcptTo: (_address, _session, callback) => callback(Object.assign(new Error('no'), { responseCode: 450 })),
  })
  context.after(() => server.close())
  const mailer = testMailer(context, 0, fromDns(server.port))
  const [result] = await mailer.send(mailTo(['b@peer.test']))
  assert.match(result?.text ?? '', /^up\.peer\.test: 450/)
})

test('what DNS says of a domain is the fate of all its recipients', { skip: skipDns }, async (context) => {
  const mailer = testMailer(context, 0, fromDns(25))
  for (const [domain, result] of [
    ['null.test', 'failed 5.1.10'],
    ['nobody.test', 'failed 5.1.2'],
    ['lost.test', 'deferred 4.4.4'],
  ] as const) {
    const to = [`a@${domain}`, `b@${domain}`]
    assert.deepEqual(
      short(await mailer.send(mailTo(to, { domain }))),
      to.map((recipient) => `${recipient} ${result}`),
    )
  }
})

test('MTA-STS in force: only named hosts, and only over verified TLS', { skip: skipDns }, async (context) => {
  const good = await startServer(await authority.issueTlsCertificate({ names: ['up.peer.test'] }))
  const wrong = await startServer(localhost)
  context.after(() => Promise.all([good.close(), wrong.close()]))
  const send = async (port: number, policy: StsPolicy) => {
    const deps = { ...fromDns(port), tlsRoots: authority.certificate, policyOf: () => Promise.resolve(policy) }
    return short(await testMailer(context, 0, deps).send(mailTo(['b@peer.test'])))[0]
  }
  const mx = ['*.peer.test']
  assert.equal(await send(good.port, { mode: 'enforce', mx }), 'b@peer.test sent 2.0.0')
  assert.equal(await send(wrong.port, { mode: 'enforce', mx }), 'b@peer.test deferred 4.7.5')
  assert.equal(await send(good.port, { mode: 'enforce', mx: ['mx.other.test'] }), 'b@peer.test deferred 4.7.0')
  assert.equal(await send(wrong.port, { mode: 'testing', mx: ['mx.other.test'] }), 'b@peer.test sent 2.0.0')
})

const LONG = Array.from({ length: 3000 }, (_, index) => `.line ${index}  with   blanks \t\r\n`).join('')
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const DNS_KEY = `v=DKIM1; k=rsa; p=${keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
const dkim = { selector: 'sel', privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }

async function verified(bytes: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(bytes, {
    resolver: (name: string) => Promise.resolve(name === 'sel._domainkey.sender.test' ? [[DNS_KEY]] : []),
  })
  return results.map(({ status, signingDomain }) => `${status.result} ${signingDomain}`)
}

test('ordinary mail is signed for the domain of its From, certified mail is not touched', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const mailer = testMailer(context, server.port, { dkim, tlsRoots: authority.certificate })
  const text = `From: "Per conto di: x@y.test"\r\n <posta-certificata@Sender.test>\r\nTo: b@peer.test\r\nSubject: s\r\n\r\n${LONG}`
  const bytes = Buffer.from(text)
  const content = [bytes.subarray(0, 20), bytes.subarray(20)]
  await mailer.send(mailTo(['b@peer.test'], { content }))
  await mailer.send(mailTo(['b@peer.test'], { content, certified: true }))
  const [ordinary, certified] = server.received
  assert(ordinary && certified)
  assert.match(ordinary.bytes.toString(), /^DKIM-Signature: /)
  assert.deepEqual(await verified(ordinary.bytes), ['pass sender.test'])
  assert(ordinary.bytes.subarray(-bytes.length).equals(bytes))
  assert(certified.bytes.equals(bytes))
})

test('a message that cannot be signed goes unsigned', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const told: string[] = []
  const mailer = testMailer(context, server.port, { dkim: { selector: 's', privateKey: ec }, report: (name) => told.push(name) })
  const twoDomains = [Buffer.from('From: a@one.test, b@two.test\r\n\r\nbody\r\n')]
  assert.equal((await mailer.send(mailTo(['b@peer.test'], { content: twoDomains })))[0]?.outcome, 'sent')
  assert.deepEqual(told, [])
  assert.equal((await mailer.send(mailTo(['b@peer.test'])))[0]?.outcome, 'sent')
  assert.deepEqual(told, ['unexpected-error'])
  for (const { bytes } of server.received) assert.doesNotMatch(bytes.toString(), /DKIM/)
})

test('what goes wrong inside defers', { skip: skipDns }, async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const told: string[] = []
  const policyOf = () => Promise.reject(new Error('broken'))
  const mailer = testMailer(context, 0, { ...fromDns(server.port), policyOf, report: (name) => told.push(name) })
  assert.deepEqual(short(await mailer.send(mailTo(['b@peer.test']))), ['b@peer.test deferred 4.3.0'])
  assert.deepEqual(told, ['unexpected-error'])
})
