/**
 * Hostile and unlucky servers of other providers: whatever they do, each recipient ends with exactly one outcome, nothing certified leaves in
 * clear, and nobody else's mail waits for them (I1 to I4).
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { readCertifiedData } from './support/certified-data.ts'
import type { Owner } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { Inbox } from './support/inbox.ts'
import { judge } from './support/judges.ts'
import { SOON_MS, startPeerNetwork, type Sent } from './support/peer-network.ts'
import type { ScriptedPeer } from './support/scripted-peer.ts'
import { requireTools } from './support/tools.ts'

const DAY_PEERS = ['busy', 'closed', 'clear', 'stranger', 'elsewhere'] as const
const network = await startPeerNetwork({ after }, ['cut', 'unknown', 'refusing', 'hanging', 'slow', ...DAY_PEERS])
const { clock, alfa, beta, relays, delta, peers, badIdentities, records, inbox, service, mario, envelopeAt, handOn } = network

const HOUR = 3_600_000
const TIMEOUT = 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: '
const everything: Sent[] = []

const peerOf = (name: string): ScriptedPeer => {
  const peer = peers[name]
  assert.ok(peer)
  return peer
}

async function send(owner: Owner, recipients: readonly string[]): Promise<Sent> {
  const sent = await network.send(owner, recipients)
  everything.push(sent)
  return sent
}

/** Waits until the last attempts of a message have failed in this way. */
const failing = ({ pecMsgid }: Sent, error: RegExp) => records.until(pecMsgid, ({ last_error }) => error.test(last_error ?? ''))

const outcomesOf = async ({ pecMsgid }: Sent): Promise<Record<string, string | null>> =>
  Object.fromEntries(Object.entries(await records.dispatches(pecMsgid)).map(([recipient, { outcome }]) => [recipient, outcome]))

test('a connection that is cut in the midst of a message: it is sent again, and taken once', async (t) => {
  const peer = peerOf('cut')
  peer.script = { cutInMessage: true }
  const sent = await send(t, ['ufficio@pec.cut.test'])
  await failing(sent, /^4\.4\.2 /)
  peer.script = {}
  clock.advance(SOON_MS)
  await records.until(sent.pecMsgid, ({ sent_at }) => sent_at !== null)
  const { mail, data } = envelopeAt(peer, sent)
  assert.equal(mail.from, mario.address)
  await network.answer(t, delta, await delta.takeInCharge(data, network.serviceAddress, ['ufficio@pec.cut.test']), 'service')
  await network.answer(t, delta, await delta.delivery(data, 'ufficio@pec.cut.test'))
  await records.until(sent.pecMsgid, ({ outcome, taken_at }) => outcome === 'delivered' && taken_at !== null)
  clock.advance(SOON_MS)
  assert.deepEqual(await inbox.about(sent.subject), ['ACCETTAZIONE: ', 'CONSEGNA: '])
  assert.deepEqual(await service.about(sent.subject), ['PRESA IN CARICO: '])
})

test('a connection that is cut after the final dot: the message comes twice, and is delivered and taken in charge once', async (t) => {
  const usual = { alfa: relays.alfa.script, beta: relays.beta.script }
  // No receipt gets back before the second copy has come.
  relays.alfa.script = { final: '451 4.3.2 later' }
  const copies: Buffer[] = []
  relays.beta.script = {
    async final(mail) {
      copies.push(mail.bytes)
      const { final } = await handOn('beta', mail)
      return copies.length === 1 ? 'cut' : final
    },
  }
  const holders = beta.accounts
  const sent = await send(
    t,
    holders.map(({ address }) => address),
  )
  await failing(sent, /^4\.4\.2 /)
  clock.advance(SOON_MS)
  await records.until(sent.pecMsgid, ({ sent_at }) => sent_at !== null)
  assert.equal(copies.length, 2)
  assert.ok(copies[0]?.equals(copies[1] as Buffer), 'the same bytes')
  relays.alfa.script = usual.alfa
  relays.beta.script = usual.beta
  clock.advance(SOON_MS)
  await records.until(sent.pecMsgid, ({ outcome }) => outcome === 'delivered')
  await inbox.wait(`CONSEGNA: ${sent.subject}`, 2)
  await service.wait(`PRESA IN CARICO: ${sent.subject}`, 1)
  assert.deepEqual(await inbox.about(sent.subject), ['ACCETTAZIONE: ', 'CONSEGNA: ', 'CONSEGNA: '])
  assert.deepEqual(await service.about(sent.subject), ['PRESA IN CARICO: '])
  for (const holder of holders) {
    const there = await Inbox.open(t, beta, holder)
    assert.deepEqual(await there.about(sent.subject), ['POSTA CERTIFICATA: '])
  }
})

test('a recipient whom the other server refuses: a non-delivery notice at once, and the others go on', async (t) => {
  if (!requireTools(t, 'openssl', 'python3', 'xmllint')) return
  const peer = peerOf('unknown')
  peer.script = { RCPT: (line) => (line.includes('nessuno') ? '550 5.1.1 no such user here' : '250 2.1.5 ok') }
  const sent = await send(t, ['nessuno@pec.unknown.test', 'ufficio@pec.unknown.test'])
  const { source } = await inbox.one(`AVVISO DI MANCATA CONSEGNA: ${sent.subject}`)
  const { parts } = await judge(t, alfa.ca, source)
  const { data } = readCertifiedData(parts['daticert.xml'] as Buffer)
  assert.deepEqual(
    [data.tipo, data.errore, data.consegna, data.erroreEsteso],
    ['errore-consegna', 'no-dest', 'nessuno@pec.unknown.test', '5.1.1 - Gestore Alfa - indirizzo non valido'],
  )
  const envelope = envelopeAt(peer, sent)
  assert.deepEqual(envelope.mail.to, ['ufficio@pec.unknown.test'])
  await network.answer(t, delta, await delta.delivery(envelope.data, 'ufficio@pec.unknown.test'))
  await records.until(sent.pecMsgid, ({ outcome }) => outcome !== null)
  assert.deepEqual(await outcomesOf(sent), { 'nessuno@pec.unknown.test': 'failed', 'ufficio@pec.unknown.test': 'delivered' })
})

test('a message that the other server refuses for good: a non-delivery notice for each recipient at once, with its words', async (t) => {
  const peer = peerOf('refusing')
  peer.script = { final: '554-5.6.0 this is\r\n554 5.6.0 no message' }
  const recipients = ['uno@pec.refusing.test', 'due@pec.refusing.test']
  const sent = await send(t, recipients)
  const notices = await inbox.wait(`AVVISO DI MANCATA CONSEGNA: ${sent.subject}`, 2)
  assert.deepEqual(await inbox.about(sent.subject), ['ACCETTAZIONE: ', ...Array<string>(2).fill('AVVISO DI MANCATA CONSEGNA: ')])
  assert.equal(notices.length, 2)
  assert.deepEqual(await outcomesOf(sent), Object.fromEntries(recipients.map((one) => [one, 'failed'])))
  clock.advance(SOON_MS)
  assert.equal(peer.connections(), 1)
})

/** How each of them fails, as the last error of its dispatch shows it. */
const DAY_LONG: Record<(typeof DAY_PEERS)[number], RegExp> = {
  busy: /^4\.2\.1 localhost: 451 4\.2\.1 the disk is full$/,
  closed: /^4\.7\.1 localhost: 554 5\.7\.1 not you$/,
  clear: /^4\.7\.4 localhost: no TLS/,
  stranger: /^4\.7\.5 localhost: TLS failed/,
  elsewhere: /^4\.7\.5 localhost: TLS failed/,
}

test('what cannot be handed over for a day stays under way, shows why, brings both notices, and is never sent in clear', async (t) => {
  peerOf('busy').script = { RCPT: '451 4.2.1 the disk is full' }
  peerOf('closed').script = { greeting: '554 5.7.1 not you' }
  peerOf('clear').identity = undefined
  peerOf('clear').script = { EHLO: '250-peer.test\r\n250 SIZE 100000000' }
  peerOf('stranger').identity = badIdentities.stranger
  peerOf('elsewhere').identity = badIdentities.otherHost
  const recipientOf = (name: string): string => `ufficio@pec.${name}.test`
  const recipients = DAY_PEERS.map(recipientOf)
  const accepted = clock.now()
  const sent = await send(t, recipients)
  const { pecMsgid, subject } = sent
  await records.until(pecMsgid, ({ last_error }) => last_error !== null)

  const { stdout } = await alfa.ceralacca('message', 'show', pecMsgid, '--json')
  const [shown] = JSON.parse(stdout) as [{ dispatches: { recipient: string; outcome: string; lastError: string }[] }]
  for (const name of DAY_PEERS) {
    const dispatch = shown.dispatches.find(({ recipient }) => recipient === recipientOf(name))
    assert.equal(dispatch?.outcome, 'under way')
    assert.match(dispatch.lastError, DAY_LONG[name])
  }

  /** Moves the clock, and waits until each has been tried once more and has failed once more. */
  async function untilHour(hour: number): Promise<void> {
    const before = await records.dispatches(pecMsgid)
    clock.advance(accepted + hour * HOUR - clock.now())
    await records.until(
      pecMsgid,
      ({ recipient, attempts, next_attempt }) =>
        attempts > (before[recipient]?.attempts ?? 0) && next_attempt.getTime() > clock.now() + SOON_MS,
    )
  }
  for (const hour of [1, 2, 5, 12.5]) await untilHour(hour)
  assert.equal((await inbox.wait(`${TIMEOUT}${subject}`, DAY_PEERS.length)).length, DAY_PEERS.length)
  assert.ok(Object.values(await outcomesOf(sent)).every((outcome) => outcome === null))
  clock.advance(accepted + 23.9 * HOUR - clock.now())
  await records.until(pecMsgid, ({ outcome }) => outcome === 'expired')
  assert.equal((await inbox.wait(`${TIMEOUT}${subject}`, 2 * DAY_PEERS.length)).length, 2 * DAY_PEERS.length)

  for (const name of ['clear', 'stranger', 'elsewhere'])
    assert.deepEqual(
      peerOf(name).commands.filter((line) => !/^(?:EHLO|STARTTLS|QUIT)/.test(line)),
      [],
      `nothing of the message goes to ${name}`,
    )
  assert.ok(peerOf('busy').commands.every((line) => line.startsWith('(tls) ') || /^(?:EHLO|STARTTLS)/.test(line)))
})

test('a server that says nothing holds up nobody else, nor the notices', async (t) => {
  const [hanging, slow] = [peerOf('hanging'), peerOf('slow')]
  hanging.script = { greeting: (connection) => (connection === 0 ? 'cut' : 'hang') }
  const silent = await send(t, ['ufficio@pec.hanging.test'])
  const accepted = clock.now()
  await failing(silent, /^4\.4\.2 /)
  clock.advance(SOON_MS)
  await waitUntil(() => hanging.connections() >= 2)

  slow.script = { RCPT: '451 4.2.1 later' }
  const other = await send(t, ['ufficio@pec.slow.test'])
  await failing(other, /^4\.2\.1 /)
  slow.script = {}
  clock.advance(SOON_MS)
  await records.until(other.pecMsgid, ({ sent_at }) => sent_at !== null)
  await network.answer(t, delta, await delta.delivery(envelopeAt(slow, other).data, 'ufficio@pec.slow.test'))
  await records.until(other.pecMsgid, ({ outcome }) => outcome === 'delivered')

  clock.advance(accepted + 12.1 * HOUR - clock.now())
  await inbox.wait(`${TIMEOUT}${silent.subject}`, 1)
  clock.advance(accepted + 23.1 * HOUR - clock.now())
  await records.until(silent.pecMsgid, ({ outcome }) => outcome === 'expired')
  hanging.cut()
  assert.deepEqual(await inbox.about(silent.subject), ['ACCETTAZIONE: ', TIMEOUT, TIMEOUT])
})

test('at the end each recipient has one outcome, nothing went where nobody expected it, and all is consistent', async () => {
  for (const sent of everything) {
    for (const [recipient, outcome] of Object.entries(await outcomesOf(sent))) assert.ok(outcome, `${recipient} has an outcome`)
  }
  assert.equal(network.sink.connections(), 0)
  await consistent(alfa)
  await consistent(beta)
})

test('a server that says nothing does not hold up the stop', async (t) => {
  peerOf('hanging').script = { greeting: 'hang' }
  const before = peerOf('hanging').connections()
  await send(t, ['ufficio@pec.hanging.test'])
  await waitUntil(() => peerOf('hanging').connections() > before)
  const asked = Date.now()
  await alfa.stop()
  assert.ok(Date.now() - asked < 20_000, `it took ${Date.now() - asked} ms`)
  assert.doesNotMatch(alfa.output(), /unexpected-error/)
})

async function waitUntil(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!reached()) {
    assert.ok(Date.now() < deadline)
    await pause(20)
  }
}
