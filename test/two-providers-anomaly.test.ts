/**
 * What comes to a provider's MX and certifies nothing: ordinary mail, and messages that another provider sealed wrongly. It reaches its
 * recipients in an anomaly envelope (RFC 6109 3.2.2), or is refused. And what other providers write rightly, in ways of their own.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startDns } from './support/dns.ts'
import { execute } from './support/execute.ts'
import * as foreign from './support/foreign-message.ts'
import { judgeRow, receiptAbout } from './support/judge-row.ts'
import type { ReadMessage } from './support/mailbox-reader.ts'
import { anomalyEnvelope, delivery, takeInCharge, type Facts } from './support/message-table.ts'
import { startSides, type Side } from './support/sides.ts'
import { handOver } from './support/submit.ts'
import { takeApart } from './support/take-apart.ts'
import { requireTools } from './support/tools.ts'

test('mail that certifies nothing', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3', 'dnsmasq')) return
  const environment = { CERALACCA_DNS_SERVERS: await startDns(t, {}) }
  const sides = await startSides(t, { alfa: { environment }, beta: { environment } })
  const both = async (what: string, work: (t: TestContext, from: Side, to: Side) => Promise<void>): Promise<void> => {
    for (const { name, from, to } of sides.directions) await t.test(`${what} (${name})`, (t) => work(t, from, to))
  }
  await both('ordinary mail comes in an anomaly envelope', (t, _, to) => wrapsOrdinaryMail(t, to))
  await both('ordinary mail is refused at RCPT', (_, from, to) => refusesOrdinaryMail(from, to))
  await both('an envelope that is written in another way is delivered', deliversForeignEnvelope)
  await both('an envelope that is sealed, and is none, comes in an anomaly envelope', wrapsMalformed)
  await sides.consistent()
})

const SENDER = 'qualcuno@ordinaria.test'

const ordinary = (subject: string, to: string, more: readonly string[] = []): Buffer => {
  const id = `<${subject.replaceAll(/[^a-z]/gi, '.')}@ordinaria.test>`
  const fields = [`From: Qualcuno <${SENDER}>`, `To: ${to}`, `Subject: ${subject}`, `Message-ID: ${id}`, ...more]
  return Buffer.from([...fields, '', 'Perché no? Costa 10 €.', '.un punto', ''].join('\r\n'))
}

/** What an anomaly envelope tells of a message: the sender of the SMTP dialogue, and the message's own subject. */
const told = (sender: string, subject: string, replyTo = sender): Facts => ({
  sender,
  subject,
  replyTo,
  recipients: [],
  ordinary: [],
  msgid: '',
  pecMsgid: '',
  receiptType: 'completa',
})

interface Wrapped {
  readonly original: Buffer
  /** To field of the message */
  readonly to: string
  readonly reason: string
}

async function judgeAnomaly(t: TestContext, side: Side, message: ReadMessage, facts: Facts, wrapped: Wrapped): Promise<void> {
  const { original, to, reason } = wrapped
  await judgeRow(t, side, message, facts, { row: anomalyEnvelope, issuer: side, to, original })
  const { fields, plain } = takeApart(message.source)
  assert.equal(fields['return-path'], `<${facts.sender}>`)
  assert.equal(fields['message-id'], /^Message-ID: (.*)\r$/m.exec(original.toString('latin1'))?.[1])
  assert.match(fields['received'] ?? '', /^from |^by /)
  const words = `Tali dati non sono stati certificati per il seguente errore: ${reason}`
  assert.ok(
    plain.split('\r\n').some((line) => line.startsWith(words)),
    plain,
  )
}

async function wrapsOrdinaryMail(t: TestContext, side: Side): Promise<void> {
  const [anna, bruno] = side.holders
  const subject = `Offerta per ${side.site.name}`
  const recipients = [anna.address, bruno.address]
  const to = `"Anna, e altri" <${anna.address}>, altri@ordinaria.test`
  const reason = 'il messaggio proviene dalla posta ordinaria'
  const message = ordinary(subject, to, [`Cc: ${bruno.address}`])
  const { code, stdout } = await handOver(side.provider, { from: SENDER, recipients, message })
  assert.equal(code, 0, stdout)
  for (const { inbox } of [anna, bruno]) {
    const envelope = await inbox.one(`ANOMALIA MESSAGGIO: ${subject}`)
    await judgeAnomaly(t, side, envelope, told(SENDER, subject), { original: message, to, reason })
    assert.equal(takeApart(envelope.source).fields['cc'], bruno.address)
    assert.deepEqual(await inbox.about(subject), ['ANOMALIA MESSAGGIO: '])
  }

  // Answers go where its author wants them.
  const second = `Con indirizzo, per ${side.site.name}`
  const replied = ordinary(second, anna.address, ['Reply-To: ufficio@ordinaria.test'])
  const answer = await handOver(side.provider, { from: SENDER, recipients: [anna.address], message: replied })
  assert.equal(answer.code, 0, answer.stdout)
  const facts = told(SENDER, second, 'ufficio@ordinaria.test')
  const wrapped = await anna.inbox.one(`ANOMALIA MESSAGGIO: ${second}`)
  await judgeAnomaly(t, side, wrapped, facts, { original: replied, to: anna.address, reason })
}

async function refusesOrdinaryMail(from: Side, to: Side): Promise<void> {
  const { domain } = to.site
  const [mario] = from.holders
  const carla = await to.holder(`carla@${domain}`)
  await to.run('mailbox', 'set', carla.address, '--incoming-ordinary', 'refuse')
  const subject = `Rifiutata da ${to.site.name}`
  const refusals: readonly [recipient: string, reply: RegExp][] = [
    [carla.address, /<~\* 550 5\.7\.1 .*certified mail only/],
    [`nessuno@${domain}`, /<~\* 550 5\.1\.1 /],
    ['qualcuno@inesistente.test', /<~\* 550 5\.7\.1 .*not served here/],
  ]
  for (const [recipient, reply] of refusals) {
    const message = ordinary(subject, recipient)
    const { code, stdout } = await handOver(to.provider, { from: SENDER, recipients: [recipient], message })
    assert.notEqual(code, 0)
    assert.match(stdout, reply)
    // At RCPT: the message itself was not asked for.
    assert.doesNotMatch(stdout, /354/)
  }
  // Certified mail is what she wants.
  const sent = await mario.send({ subject, to: [carla] })
  assert.deepEqual(await sent.outcomes(), { [carla.address]: 'delivered' })
  assert.deepEqual(await carla.inbox.about(subject), ['POSTA CERTIFICATA: '])
}

/** One for each direction, for both sides have it in the same mailboxes. */
const subjectOf = (from: Side): string => `Città di ${from.site.name}`

/** An envelope of `from` to both holders of `to`, in the way of another provider's software, with openssl's seal. */
async function foreignEnvelope(from: Side, to: Side, id: string, shape: foreign.ForeignShape = {}) {
  const [mario] = from.holders
  const [anna, bruno] = to.holders
  const { site } = from
  const adapt = (text: string): string =>
    text
      .replaceAll(foreign.FOREIGN_SENDER, mario.address)
      .replaceAll(foreign.FOREIGN_ADDRESS, from.address)
      .replaceAll(foreign.FOREIGN_ID, id)
      .replaceAll('Altro Gestore S.p.A.', site.name)
      .replaceAll('di Roma', `di ${site.name}`)
      .replaceAll('mario.rossi@pec.example.it', anna.address)
      .replaceAll('anna.bianchi@pec.example.it', bruno.address)
  const files = ['SEAL_CERTIFICATE', 'SEAL_KEY', 'TRUSTED_CA'].map((what) => site.environment[`CERALACCA_${what}_FILE`])
  const [certificate = '', key = '', ca = ''] = files
  const seal = ['-signer', certificate, '-inkey', key, '-certfile', ca]
  const sign = async (input: Buffer): Promise<Buffer> => {
    const { stdout, stderr } = await execute('openssl', ['cms', '-sign', '-binary', '-outform', 'DER', ...seal], { input })
    assert.equal(stderr, '')
    return Buffer.from(stdout, 'latin1')
  }
  const original = adapt(foreign.FOREIGN_ORIGINAL)
  const message = await foreign.foreignMessage(sign, {
    original,
    ...shape,
    fields: foreign.ENVELOPE_FIELDS.map(adapt),
    daticert: adapt(foreign.foreignDaticert()),
  })
  const recipients = [anna.address, bruno.address]
  const facts: Facts = {
    sender: mario.address,
    recipients,
    ordinary: [],
    subject: subjectOf(from),
    msgid: '<SN05IE$951DEC16@altro.test>',
    pecMsgid: id,
    replyTo: mario.address,
    receiptType: 'completa',
  }
  // One line break before the boundary is the boundary's (RFC 2046 5.1.1), the other is the original's.
  return { message, original: Buffer.from(`${original}\r\n`, 'latin1'), facts, recipients, to: anna.address }
}

async function deliversForeignEnvelope(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const [anna, bruno] = to.holders
  const id = `opec210.straniera@${from.site.domain}`
  const shape = { daticertEncoding: 'quoted-printable', originalFirst: true, micalg: 'micalg=sha1' } as const
  const { message, original, facts, recipients } = await foreignEnvelope(from, to, id, shape)
  const { subject } = facts
  const { code, stdout } = await handOver(to.provider, { from: mario.address, recipients, message })
  assert.equal(code, 0, stdout)
  for (const { inbox } of [anna, bruno]) {
    const { source } = await inbox.one(`POSTA CERTIFICATA: ${subject}`)
    assert.ok(source.equals(message), 'it is in the mailbox as it came')
  }
  // Its receipts come to the sender, although his provider knows nothing of it.
  const deliveries = await mario.inbox.wait(`CONSEGNA: ${subject}`, 2)
  const common = { issuer: to, to: mario.address, over: from }
  const primary = receiptAbout(anna.address, deliveries)
  await judgeRow(t, from, primary, facts, { ...common, row: delivery(anna.address), original })
  const copy = receiptAbout(bruno.address, deliveries)
  await judgeRow(t, from, copy, facts, { ...common, row: delivery(bruno.address, 'sintetica') })
  const taken = await from.service.one(`PRESA IN CARICO: ${subject}`)
  await judgeRow(t, from, taken, facts, { ...common, row: takeInCharge(recipients), to: from.site.record.mailReceipt })
  // Handed over once more, it changes nothing.
  assert.equal((await handOver(to.provider, { from: mario.address, recipients, message })).code, 0)
  assert.deepEqual(await anna.inbox.about(subject), ['POSTA CERTIFICATA: '])
}

async function wrapsMalformed(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const holders = [await to.holder(`dario@${to.site.domain}`), await to.holder(`elena@${to.site.domain}`)]
  const recipients = holders.map(({ address }) => address)
  const hand = async (message: Buffer): Promise<void> => {
    const { code, stdout } = await handOver(to.provider, { from: mario.address, recipients, message })
    assert.equal(code, 0, stdout)
  }
  const incomplete = await foreignEnvelope(from, to, `opec210.incompleta@${from.site.domain}`, { original: null })
  await hand(incomplete.message)
  const changed = await foreignEnvelope(from, to, `opec210.cambiata@${from.site.domain}`)
  const tampered = Buffer.from(changed.message.toString('latin1').replace('\r\n\r\nTesto.', '\r\n\r\nTesta.'), 'latin1')
  assert.ok(!tampered.equals(changed.message))
  await hand(tampered)

  const subject = `POSTA CERTIFICATA: ${subjectOf(from)}`
  const facts = told(mario.address, subject)
  const wrong = [
    {
      original: incomplete.message,
      reason: `il messaggio del gestore ${from.site.name} non è una busta di trasporto o una ricevuta corretta`,
    },
    { original: tampered, reason: 'la firma del gestore non è valida: il messaggio è stato modificato' },
  ]
  for (const { inbox } of holders) {
    const envelopes = await inbox.wait(`ANOMALIA MESSAGGIO: ${subject}`, 2)
    for (const { original, reason } of wrong) {
      const envelope = envelopes.find(({ source }) => source.includes(original))
      assert.ok(envelope, reason)
      await judgeAnomaly(t, to, envelope, facts, { original, reason, to: incomplete.to })
    }
    assert.equal((await inbox.about(subject)).length, 2)
  }
}
