/**
 * Certified mail to ordinary addresses, and what comes of it: the envelope reaches an ordinary server, signed with DKIM, and ends there; a
 * report that it could not be delivered comes back in an anomaly envelope. And the policies of mailbox and domain about ordinary mail.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { startServer, type Received, type TestServer } from '../src/transport/test-smtp.ts'
import { defer } from './support/cleanup.ts'
import { startDns } from './support/dns.ts'
import { expectedOriginal } from './support/expected-original.ts'
import { judgeRow } from './support/judge-row.ts'
import { judge } from './support/judges.ts'
import { acceptance, anomalyEnvelope, delivery, envelope, nonAcceptance } from './support/message-table.ts'
import { temporaryFolder } from './support/provider.ts'
import { startSides, type Side } from './support/sides.ts'
import { handOver } from './support/submit.ts'
import { takeApart } from './support/take-apart.ts'
import { requireTools } from './support/tools.ts'

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const DKIM_RECORD = `v=DKIM1; k=rsa; p=${keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`

test('certified mail and ordinary addresses', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3', 'dnsmasq')) return
  const server = await startServer(null)
  defer(t, () => server.close())
  const keyFile = join(temporaryFolder(t), 'dkim.pem')
  writeFileSync(keyFile, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const plan = {
    environment: { CERALACCA_DNS_SERVERS: await startDns(t, {}), CERALACCA_DKIM_KEY_FILE: keyFile },
    routes: { 'ordinaria.test': `localhost:${server.port}` },
  }
  const sides = await startSides(t, {
    alfa: { ...plan, domains: ['studio.alfa.test'] },
    beta: { ...plan, domains: ['studio.beta.test'] },
  })
  for (const { site, run } of [sides.alfa, sides.beta]) {
    const [, domain = ''] = site.record.domains
    await run('domain', 'add', domain)
    await run('domain', 'set', domain, '--outgoing-ordinary', 'refuse')
  }
  type Work = (t: TestContext, from: Side, to: Side, server: TestServer) => Promise<void>
  const both = async (what: string, work: Work): Promise<void> => {
    for (const { name, from, to } of sides.directions) await t.test(`${what} (${name})`, (t) => work(t, from, to, server))
  }
  await both('an envelope reaches an ordinary address', reachesOrdinaryAddress)
  await both('a report comes back in an anomaly envelope, whatever the policy', takesReportsIn)
  await both('who may not write to ordinary addresses gets a non-acceptance', keepsPolicies)
  await both('ordinary mail is forwarded', forwards)
  await sides.consistent()
})

/** Waits for the message that came to this address. */
async function arrivedAt({ received }: TestServer, address: string): Promise<Received> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const [found, ...more] = received.filter(({ to }) => to.includes(address))
    assert.equal(more.length, 0)
    if (found) return found
    if (Date.now() > deadline) throw new Error(`nothing came to ${address}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What an independent verifier says of each DKIM signature. */
async function dkimResults(message: Buffer, domain: string): Promise<string[]> {
  const record = `ceralacca._domainkey.${domain}`
  const resolver = (name: string) => Promise.resolve(name === record ? [[DKIM_RECORD]] : [])
  const { results } = await dkimVerify(message, { resolver })
  return results.map(({ status, signingDomain }) => `${status.result} ${signingDomain}`)
}

async function reachesOrdinaryAddress(t: TestContext, from: Side, to: Side, server: TestServer): Promise<void> {
  const [mario] = from.holders
  const [anna] = to.holders
  const client = `cliente.di.${from.site.domain}@ordinaria.test`
  const subject = `A un cliente, da ${from.site.name}`
  const { facts, bytes, outcomes } = await mario.send({ subject, to: [anna, client] })
  assert.deepEqual(facts.ordinary, [client])
  const original = expectedOriginal(bytes, facts.pecMsgid)
  const accepted = await mario.inbox.one(`ACCETTAZIONE: ${subject}`)
  await judgeRow(t, from, accepted, facts, { row: acceptance, issuer: from, to: mario.address })
  const lines = takeApart(accepted.source).plain.split('\r\n')
  assert.ok(lines.includes(`${anna.address} ("posta certificata")`))
  assert.ok(lines.includes(`${client} ("posta ordinaria")`))

  const certified = await anna.inbox.one(`POSTA CERTIFICATA: ${subject}`)
  const row = envelope(facts)
  const addressed = `${anna.address}, ${client}`
  await judgeRow(t, to, certified, facts, { row, issuer: from, to: addressed, original, over: to })
  const ordinary = await arrivedAt(server, client)
  assert.equal(ordinary.from, mario.address)
  assert.deepEqual(ordinary.to, [client])
  const dkim = ordinary.bytes.subarray(0, -certified.source.length)
  assert.match(dkim.toString('latin1'), /^DKIM-Signature: (?:.*\r\n[ \t])*.*\r\n$/)
  assert.ok(ordinary.bytes.subarray(dkim.length).equals(certified.source), 'the same envelope, byte for byte')
  assert.deepEqual(await dkimResults(ordinary.bytes, from.site.domain), [`pass ${from.site.domain}`])
  await judge(t, from.provider.ca, ordinary.bytes)

  const delivered = await mario.inbox.one(`CONSEGNA: ${subject}`)
  const receipt = { row: delivery(anna.address), issuer: to, to: mario.address, original, over: from }
  await judgeRow(t, from, delivered, facts, receipt)
  assert.deepEqual(await outcomes(), { [anna.address]: 'delivered', [client]: 'relayed' })
  assert.deepEqual(await mario.inbox.about(subject), ['ACCETTAZIONE: ', 'CONSEGNA: '])
}

/** As ordinary servers write it (RFC 3464). */
const reportOn = (subject: string, recipient: string, sender: string): Buffer =>
  Buffer.from(
    [
      'From: Mail Delivery System <mailer-daemon@ordinaria.test>',
      `To: ${sender}`,
      `Subject: Undelivered: ${subject}`,
      `Message-ID: <${recipient.replace('@', '.')}.report@ordinaria.test>`,
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="report"',
      '',
      '--report\r\nContent-Type: text/plain\r\n\r\nThe mailbox is unknown.',
      '--report\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ordinaria.test\r\n',
      `Final-Recipient: rfc822; ${recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n`,
      '--report--\r\n',
    ].join('\r\n'),
  )

async function takesReportsIn(t: TestContext, from: Side, _to: Side, server: TestServer): Promise<void> {
  const carla = await from.holder(`carla@${from.site.domain}`)
  await from.run('mailbox', 'set', carla.address, '--incoming-ordinary', 'refuse')
  const client = `ignoto.a.${from.site.domain}@ordinaria.test`
  const subject = `A un ignoto, da ${from.site.name}`
  const { outcomes } = await carla.send({ subject, to: [client] })
  const { from: reversePath } = await arrivedAt(server, client)
  assert.equal(reversePath, carla.address)
  assert.deepEqual(await outcomes(), { [client]: 'relayed' })

  const report = reportOn(subject, client, carla.address)
  const { code, stdout } = await handOver(from.provider, { from: '', recipients: [reversePath], message: report })
  assert.equal(code, 0, stdout)
  const wrapped = await carla.inbox.one(`ANOMALIA MESSAGGIO: Undelivered: ${subject}`)
  const author = 'mailer-daemon@ordinaria.test'
  const facts = {
    sender: author,
    replyTo: author,
    subject: `Undelivered: ${subject}`,
    recipients: [],
    ordinary: [],
    msgid: '',
    pecMsgid: '',
    receiptType: 'completa',
  } as const
  await judgeRow(t, from, wrapped, facts, { row: anomalyEnvelope, issuer: from, to: carla.address, original: report })
  assert.equal(takeApart(wrapped.source).fields['return-path'], '<>')

  // What comes without a reverse path, and is no report, is ordinary mail.
  const message = report.toString().replace('multipart/report', 'multipart/mixed')
  const refused = await handOver(from.provider, { from: '', recipients: [carla.address], message })
  assert.match(refused.stdout, /<~\* 550 5\.7\.1 .*certified mail only/)
  assert.deepEqual(await carla.inbox.about(subject), ['ACCETTAZIONE: ', 'ANOMALIA MESSAGGIO: Undelivered: '])
}

async function keepsPolicies(t: TestContext, from: Side, to: Side, server: TestServer): Promise<void> {
  const [anna] = to.holders
  const [own, studio] = from.site.record.domains
  const by = await from.holder(`dario@${own}`)
  await from.run('mailbox', 'set', by.address, '--outgoing-ordinary', 'refuse')
  const byDomain = await from.holder(`dario@${studio}`)
  const allowed = await from.holder(`elena@${studio}`)
  await from.run('mailbox', 'set', allowed.address, '--outgoing-ordinary', 'allow')

  const client = `nessuno.da.${from.site.domain}@ordinaria.test`
  for (const holder of [by, byDomain]) {
    const subject = `Non ammesso, da ${holder.address}`
    const { facts } = await holder.send({ subject, to: [anna, client] })
    const reason = `destinatario di posta ordinaria (${client}): la casella può scrivere soltanto a indirizzi di posta certificata`
    const notice = await holder.inbox.one(`AVVISO DI NON ACCETTAZIONE: ${subject}`)
    await judgeRow(t, from, notice, facts, { row: nonAcceptance(reason), issuer: from, to: holder.address })
    assert.deepEqual(await holder.inbox.about(subject), ['AVVISO DI NON ACCETTAZIONE: '])
    assert.deepEqual(await anna.inbox.about(subject), [])
    // To certified addresses alone they may write.
    const sent = await holder.send({ subject: `Ammesso, da ${holder.address}`, to: [anna] })
    assert.deepEqual(await sent.outcomes(), { [anna.address]: 'delivered' })
  }
  assert.ok(!server.received.some((mail) => mail.to.includes(client)))
  const sent = await allowed.send({ subject: `Ammesso, da ${allowed.address}`, to: [client] })
  assert.deepEqual(await sent.outcomes(), { [client]: 'relayed' })
}

async function forwards(_t: TestContext, from: Side, _to: Side, server: TestServer): Promise<void> {
  const fabio = await from.holder(`fabio@${from.site.domain}`)
  const home = `fabio.di.${from.site.domain}@ordinaria.test`
  await from.run('mailbox', 'set', fabio.address, '--incoming-ordinary', 'forward', '--forward-to', home)
  const subject = `Per ${fabio.address}`
  const sender = 'qualcuno@ordinaria.test'
  const message = Buffer.from(`From: ${sender}\r\nTo: ${fabio.address}\r\nSubject: ${subject}\r\n\r\nCiao.\r\n`)
  const { code, stdout } = await handOver(from.provider, { from: sender, recipients: [fabio.address], message })
  assert.equal(code, 0, stdout)
  const { from: reversePath, bytes } = await arrivedAt(server, home)
  // So that no bounce goes in circles.
  assert.equal(reversePath, '')
  assert.ok(bytes.subarray(-message.length).equals(message), 'it goes on as it came')
  const trace = bytes.subarray(0, -message.length).toString('latin1')
  assert.match(trace, new RegExp(`^Received: (?:.*\r\n[ \t])*.*\r\nDelivered-To: ${fabio.address}\r\n$`), 'nothing else is added')
  assert.deepEqual(await fabio.inbox.about(subject), [])
}
