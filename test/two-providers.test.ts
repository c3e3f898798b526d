/**
 * Certified mail from one provider to another, and back: two processes, two databases, SMTP over TLS between them. Each message of the table
 * of docs/reference/formats.md that certified senders and recipients see is judged by programs that are not ours, on the side where it ends.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { startDns } from './support/dns.ts'
import { expectedOriginal } from './support/expected-original.ts'
import { judgeRow, receiptAbout } from './support/judge-row.ts'
import { enclosedOriginal, readLeaves } from './support/judges.ts'
import { acceptance, delivery, envelope, nonAcceptance, nonDelivery, takeInCharge } from './support/message-table.ts'
import { startSides, type Side } from './support/sides.ts'
import { requireTools } from './support/tools.ts'

test('certified mail between two providers', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3', 'dnsmasq')) return
  // No name exists outside: what has no route goes nowhere.
  const environment = { CERALACCA_DNS_SERVERS: await startDns(t, {}) }
  const sides = await startSides(t, {
    alfa: { environment, domains: ['studio.alfa.test'] },
    beta: { environment, domains: ['studio.beta.test'] },
  })
  for (const { site, run } of [sides.alfa, sides.beta]) {
    const [, domain = ''] = site.record.domains
    assert.deepEqual(await run('domain', 'add', domain), { domain })
  }
  const both = async (what: string, work: (t: TestContext, from: Side, to: Side) => Promise<void>): Promise<void> => {
    for (const { name, from, to } of sides.directions) await t.test(`${what} (${name})`, (t) => work(t, from, to))
  }
  await both('acceptance, envelope, take-in-charge, delivery', passes)
  await both('the three kinds of delivery receipts', givesTheReceiptAskedFor)
  await both('what fails a check gets a non-acceptance, and goes nowhere', isRefused)
  await both('what cannot be delivered gets a non-delivery that says why', failsWithReasons)
  await both('recipients on both sides, and of several domains', goesBothWays)
  await sides.consistent()
})

async function passes(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const [anna] = to.holders
  const subject = `Città di prova: da ${from.site.name}`
  const rawSubject = `=?UTF-8?Q?Citt=C3=A0?= di prova:\r\n da ${from.site.name}`
  const replyTo = `ufficio@${from.site.domain}`
  const { facts, bytes, outcomes } = await mario.send({ subject, rawSubject, replyTo, to: [anna] })
  const original = expectedOriginal(bytes, facts.pecMsgid)
  const common = { to: mario.address, issuer: to, over: from }
  const received = await anna.inbox.one(`POSTA CERTIFICATA: ${subject}`)
  await judgeRow(t, to, received, facts, { row: envelope(facts), issuer: from, to: anna.address, original, over: to })
  const accepted = await mario.inbox.one(`ACCETTAZIONE: ${subject}`)
  await judgeRow(t, from, accepted, facts, { row: acceptance, issuer: from, to: mario.address })
  const delivered = await mario.inbox.one(`CONSEGNA: ${subject}`)
  await judgeRow(t, from, delivered, facts, { ...common, row: delivery(anna.address), original })
  const taken = await from.service.one(`PRESA IN CARICO: ${subject}`)
  await judgeRow(t, from, taken, facts, { ...common, row: takeInCharge([anna.address]), to: from.site.record.mailReceipt })

  assert.deepEqual(await outcomes(), { [anna.address]: 'delivered' })
  assert.deepEqual(await mario.inbox.about(subject), ['ACCETTAZIONE: ', 'CONSEGNA: '])
  assert.deepEqual(await anna.inbox.about(subject), ['POSTA CERTIFICATA: '])
  assert.deepEqual(await from.service.about(subject), ['PRESA IN CARICO: '])
  assert.deepEqual(await to.service.about(subject), [])
  const ofThis = (message: Buffer): boolean => message.includes(facts.msgid)
  assert.deepEqual([to.wire.carried(ofThis).length, from.wire.carried(ofThis).length], [1, 2])
  assert.deepEqual((await from.events(facts.pecMsgid)).slice(0, 2), ['accepted', 'relayed'])
  assert.deepEqual(await to.events(facts.pecMsgid), ['taken-in-charge', 'delivered'])
}

const CONTRACT = (
  randomBytes(300)
    .toString('base64')
    .match(/.{1,76}/g) ?? []
).join('\r\n')
const NOTE = 'Due righe\r\ndi nota.'
const ATTACHED = [
  '--parti\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nIn allegato il contratto.',
  '--parti\r\nContent-Type: application/pdf; name="contratto.pdf"\r\nContent-Transfer-Encoding: base64\r\n' +
    `Content-Disposition: attachment; filename="contratto.pdf"\r\n\r\n${CONTRACT}`,
  `--parti\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="nota.txt"\r\n\r\n${NOTE}`,
  '--parti--\r\n',
].join('\r\n')

const sha1 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex')

async function givesTheReceiptAskedFor(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const [anna, bruno] = to.holders
  for (const asks of ['completa', 'breve', 'sintetica', 'cortissima']) {
    const subject = `Ricevuta ${asks} per ${from.site.name}`
    const headers = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="parti"']
    const { facts, bytes, outcomes } = await mario.send({ subject, asks, to: [anna], cc: [bruno], headers, body: ATTACHED })
    // What is none of the three words asks for a complete one.
    assert.equal(facts.receiptType, asks === 'cortissima' ? 'completa' : asks)
    const original = expectedOriginal(bytes, facts.pecMsgid)
    const deliveries = await mario.inbox.wait(`CONSEGNA: ${subject}`, 2)
    const received = await bruno.inbox.one(`POSTA CERTIFICATA: ${subject}`)
    await judgeRow(t, to, received, facts, { row: envelope(facts), issuer: from, to: anna.address, original, over: to })

    const common = { to: mario.address, issuer: to, over: from }
    const primary = receiptAbout(anna.address, deliveries)
    const row = delivery(anna.address, facts.receiptType)
    await judgeRow(t, from, primary, facts, { ...common, row, ...(row.encloses === 'original' && { original }) })
    if (row.encloses === 'brief original') {
      const brief = enclosedOriginal(primary.source)
      const header = original.subarray(0, original.indexOf('\r\n\r\n'))
      assert.ok(brief.subarray(0, header.length).equals(header))
      assert.deepEqual(await readLeaves(brief), [
        ['text/plain', null, 'In allegato il contratto.'],
        ['text/plain', 'contratto.pdf.hash', sha1(CONTRACT)],
        ['text/plain', 'nota.txt.hash', sha1(NOTE)],
      ])
    }
    // Who gets a copy gives a concise one, whatever was asked for.
    const copy = receiptAbout(bruno.address, deliveries)
    await judgeRow(t, from, copy, facts, { ...common, row: delivery(bruno.address, 'sintetica') })
    assert.deepEqual(await outcomes(), { [anna.address]: 'delivered', [bruno.address]: 'delivered' })
  }
}

async function isRefused(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const [anna, bruno] = to.holders
  const subject = `Copia nascosta da ${from.site.name}`
  const { facts, outcomes } = await mario.send({ subject, to: [anna], recipients: [anna.address, bruno.address] })
  const reason = `destinatario (${bruno.address}) non indicato nei campi To e Cc: la copia nascosta non è ammessa`
  const notice = await mario.inbox.one(`AVVISO DI NON ACCETTAZIONE: ${subject}`)
  await judgeRow(t, from, notice, facts, { row: nonAcceptance(reason), issuer: from, to: mario.address })
  assert.deepEqual(await outcomes(), {})
  assert.deepEqual(await from.events(facts.pecMsgid), ['refused'])
  assert.deepEqual(await mario.inbox.about(subject), ['AVVISO DI NON ACCETTAZIONE: '])
  const left = to.wire.carried((message) => message.includes(facts.msgid))
  assert.deepEqual(left, [])
}

async function failsWithReasons(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario] = from.holders
  const [anna] = to.holders
  const { domain } = to.site
  const [disabled, revoked, full] = [`disabilitata@${domain}`, `revocata@${domain}`, `piena@${domain}`]
  await to.run('mailbox', 'create', disabled)
  await to.run('mailbox', 'set', disabled, '--status', 'disabled')
  await to.run('mailbox', 'create', revoked)
  await to.run('mailbox', 'set', revoked, '--status', 'revoked')
  await to.run('mailbox', 'create', full, '--quota', '20000')
  const [unknown, rejected, nowhere] = [`nessuno@${domain}`, `rifiutata@${domain}`, 'qualcuno@inesistente.test']
  to.wire.refuse(rejected, '5.7.1 Non da voi')

  const reasons: readonly [recipient: string, issuer: Side, error: string, code: string, words: string][] = [
    [unknown, to, 'no-dest', '5.1.1', 'indirizzo non valido'],
    [revoked, to, 'no-dest', '5.1.1', 'indirizzo non valido'],
    [disabled, to, 'altro', '5.2.1', 'casella disabilitata temporaneamente'],
    [full, to, 'altro', '5.2.2', 'casella piena'],
    [rejected, from, 'altro', '5.7.1', 'localhost: 550 5.7.1 Non da voi'],
    [nowhere, from, 'no-dominio', '5.1.2', 'dominio inesistente'],
  ]
  const subject = `Non arriva, da ${from.site.name}`
  const body = 'Trenta chilobyte, parola per parola.\r\n'.repeat(800)
  const { facts, outcomes } = await mario.send({ subject, to: [...reasons.map(([recipient]) => recipient), anna], body })
  const notices = await mario.inbox.wait(`AVVISO DI MANCATA CONSEGNA: ${subject}`, reasons.length)
  await mario.inbox.one(`CONSEGNA: ${subject}`)
  for (const [recipient, issuer, error, code, words] of reasons) {
    const row = nonDelivery(recipient, error, `${code} - ${issuer.site.name} - ${words}`)
    const notice = receiptAbout(recipient, notices)
    await judgeRow(t, from, notice, facts, { row, issuer, to: mario.address, ...(issuer === to && { over: from }) })
  }
  assert.deepEqual(await outcomes(), {
    ...Object.fromEntries(reasons.map(([recipient]) => [recipient, 'failed'])),
    [anna.address]: 'delivered',
  })
  const expected = ['ACCETTAZIONE: ', ...reasons.map(() => 'AVVISO DI MANCATA CONSEGNA: '), 'CONSEGNA: ']
  assert.deepEqual(await mario.inbox.about(subject), expected)
}

async function goesBothWays(t: TestContext, from: Side, to: Side): Promise<void> {
  const [mario, lucia] = from.holders
  const [anna] = to.holders
  const name = from.site.domain.replaceAll('.', '-')
  const studio = await from.holder(`${name}@${from.site.record.domains[1]}`)
  const elsewhere = await to.holder(`${name}@${to.site.record.domains[1]}`)
  const subject = `A tutti, da ${from.site.name}`
  const recipients = [lucia, studio, anna, elsewhere].map(({ address }) => address)
  const { facts, bytes, outcomes } = await mario.send({ subject, to: recipients })
  const original = expectedOriginal(bytes, facts.pecMsgid)
  const deliveries = await mario.inbox.wait(`CONSEGNA: ${subject}`, 4)
  assert.deepEqual(await outcomes(), Object.fromEntries(recipients.map((address) => [address, 'delivered'])))

  const common = { row: envelope(facts), issuer: from, to: recipients.join(', '), original }
  const arrived = `POSTA CERTIFICATA: ${subject}`
  await judgeRow(t, from, await studio.inbox.one(arrived), facts, common)
  await judgeRow(t, to, await elsewhere.inbox.one(arrived), facts, { ...common, over: to })
  for (const { inbox } of [lucia, anna]) assert.deepEqual(await inbox.about(subject), ['POSTA CERTIFICATA: '])

  const local = receiptAbout(studio.address, deliveries)
  const receipt = { to: mario.address, original }
  await judgeRow(t, from, local, facts, { ...receipt, row: delivery(studio.address), issuer: from })
  const remote = receiptAbout(elsewhere.address, deliveries)
  await judgeRow(t, from, remote, facts, { ...receipt, row: delivery(elsewhere.address), issuer: to, over: from })

  // One for each SMTP transaction, and none for what stays in the house.
  const taken = await from.service.wait(`PRESA IN CARICO: ${subject}`, 2)
  for (const { address } of [anna, elsewhere]) {
    const message = receiptAbout(address, taken)
    const row = takeInCharge([address])
    await judgeRow(t, from, message, facts, { row, issuer: to, to: from.site.record.mailReceipt, over: from })
  }
  assert.equal((await from.service.about(subject)).length, 2)
  assert.deepEqual(await mario.inbox.about(subject), ['ACCETTAZIONE: ', ...Array<string>(4).fill('CONSEGNA: ')])

  // The address of a domain that was added writes as any other.
  const answer = await elsewhere.send({ subject: `Risposta: ${subject}`, to: [studio] })
  assert.deepEqual(await answer.outcomes(), { [studio.address]: 'delivered' })
  const back = await elsewhere.inbox.one(`CONSEGNA: Risposta: ${subject}`)
  const row = delivery(studio.address)
  await judgeRow(t, to, back, answer.facts, { row, issuer: from, to: elsewhere.address, over: to })
}
