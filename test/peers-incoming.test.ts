/**
 * What hostile and unlucky servers hand in: the same again, in another order, about what is not theirs, in circles. Each envelope is delivered,
 * taken in charge and answered once; only who manages a recipient says what became of his mail; nothing is answered to who answers by machine.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readMessage } from '../src/pec/reading.ts'
import { readCertifiedData, type CertifiedData } from './support/certified-data.ts'
import type { Owner } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { handIn } from './support/hand-in.ts'
import { Inbox } from './support/inbox.ts'
import { startPeerNetwork, type Sent } from './support/peer-network.ts'
import type { ScriptedPeer } from './support/scripted-peer.ts'
import { openRecords } from './support/records.ts'
import { takeApart } from './support/take-apart.ts'

const owner = { after }
const network = await startPeerNetwork(owner, ['held'])
const { alfa, beta, gamma, delta, gammaPeer, peers, records, inbox, service, mario, serviceAddress, answer, envelopeAt } = network
const atBeta = openRecords(owner, beta)
const [marioB, luciaB] = beta.accounts
const [marioInbox, luciaInbox] = [await Inbox.open(owner, beta, marioB), await Inbox.open(owner, beta, luciaB)]
const SENDER = 'ufficio@pec.gamma.test'

let subjects = 0
const newSubject = (): string => `arrivo-${++subjects}`

const handEnvelope = async (owner: Owner, to: readonly string[], message: Buffer, from = SENDER): Promise<string> =>
  (await handIn(owner, beta, { from, to, message })).final

/** What beta has told gamma of a message: the certified data of receipts and notices. */
async function answersTo(pecMsgid: string): Promise<CertifiedData[]> {
  await atBeta.untilIdle()
  return gammaPeer.taken
    .map(({ bytes }) => readCertifiedData(takeApart(bytes).daticert).data)
    .filter(({ identificativo }) => identificativo === pecMsgid)
}

const taken = (answers: readonly CertifiedData[]): string[][] =>
  answers.filter(({ tipo }) => tipo === 'presa-in-carico').map(({ ricezione }) => [...ricezione].sort())
/** Recipients that a receipt or notice of that kind is about. */
const about = (answers: readonly CertifiedData[], ...kinds: string[]): string[] =>
  answers.flatMap(({ tipo, consegna }) => (kinds.includes(tipo) ? [consegna ?? ''] : [])).sort()
const delivered = (answers: readonly CertifiedData[]): string[] => about(answers, 'avvenuta-consegna')

test('the same envelope again, also for others, also at the same time: each recipient has it once, and is taken in charge once', async (t) => {
  const subject = newSubject()
  const both = [marioB.address, luciaB.address]
  const { data, bytes } = await gamma.envelope({ sender: SENDER, recipients: both, subject })
  assert.match(await handEnvelope(t, [marioB.address], bytes), /^250 /)
  assert.match(await handEnvelope(t, [marioB.address], bytes), /^250 /)
  assert.match(await handEnvelope(t, [marioB.address.toUpperCase()], bytes), /^250 /)
  assert.match(await handEnvelope(t, both, bytes), /^250 /)
  for (const reply of await Promise.all([both, both, [luciaB.address]].map((to) => handEnvelope(t, to, bytes))))
    assert.match(reply, /^250 /)
  const answers = await answersTo(data.pecMsgid)
  assert.deepEqual(taken(answers), [[marioB.address], [luciaB.address]])
  assert.deepEqual(delivered(answers), [...both].sort())
  assert.equal(answers.length, 4)
  for (const there of [marioInbox, luciaInbox]) assert.deepEqual(await there.about(subject), ['POSTA CERTIFICATA: '])
})

test('many copies for recipients that overlap, at the same time: who is acknowledged is taken in charge once, and answered once', async (t) => {
  const subject = newSubject()
  const all = [marioB.address, luciaB.address, ...Array.from({ length: 6 }, (_, index) => `nessuno${index}@pec.beta.test`)].sort()
  const { data, bytes } = await gamma.envelope({ sender: SENDER, recipients: all, subject })
  const groups = all.map((_, index) => all.slice(0, index + 1))
  // Whoever is asked to come again does so, as a server would.
  for (let waiting = groups; waiting.length > 0;) {
    const replies = await Promise.all(waiting.map((to) => handEnvelope(t, to, bytes)))
    for (const reply of replies) assert.match(reply, /^(?:250|451) /)
    waiting = waiting.filter((_, index) => replies[index]?.startsWith('451') === true)
  }
  const answers = await answersTo(data.pecMsgid)
  assert.deepEqual(taken(answers).flat().sort(), all)
  assert.deepEqual(about(answers, 'avvenuta-consegna', 'errore-consegna'), all)
  assert.deepEqual(delivered(answers), [luciaB.address, marioB.address].sort())
})

test('another envelope under an identifier that is taken: in an anomaly envelope, and no receipt tells of it', async (t) => {
  const [subject, second] = [newSubject(), newSubject()]
  const recipients = [luciaB.address]
  const first = await gamma.envelope({ sender: SENDER, recipients, subject })
  const { pecMsgid } = first.data
  assert.match(await handEnvelope(t, recipients, first.bytes), /^250 /)
  const other = await gamma.envelope({ sender: SENDER, recipients, subject: second, pecMsgid, body: 'Un altro testo.\r\n' })
  assert.match(await handEnvelope(t, recipients, other.bytes), /^250 /)
  const answers = await answersTo(pecMsgid)
  assert.deepEqual([taken(answers), delivered(answers)], [[[luciaB.address]], [luciaB.address]])
  assert.deepEqual(await luciaInbox.about(subject), ['POSTA CERTIFICATA: '])
  const { source } = await luciaInbox.one(`ANOMALIA MESSAGGIO: POSTA CERTIFICATA: ${second}`)
  assert.ok(source.includes(other.bytes.subarray(0, 200)), 'it encloses what came')
})

test('an envelope for a sender of another provider: ordinary mail in an anomaly envelope', async (t) => {
  const subject = newSubject()
  const sender = 'ufficio@pec.delta.test'
  const { data, bytes } = await gamma.envelope({ sender, recipients: [luciaB.address], subject })
  assert.match(await handEnvelope(t, [luciaB.address], bytes, sender), /^250 /)
  const { source } = await luciaInbox.one(`ANOMALIA MESSAGGIO: POSTA CERTIFICATA: ${subject}`)
  assert.match(source.toString('latin1'), /X-Trasporto: errore\r\n/)
  assert.deepEqual(await answersTo(data.pecMsgid), [])
  assert.equal(peers['delta']?.connections(), 0)
})

test('mail that has passed more than 50 servers goes round in circles, and is refused', async (t) => {
  const subject = newSubject()
  const { bytes } = await gamma.envelope({ sender: SENDER, recipients: [luciaB.address], subject })
  const passed = (count: number): Buffer =>
    Buffer.concat([Buffer.from('Received: from a.test by b.test; Sun, 15 Mar 2026 10:30:00 +0100\r\n'.repeat(count)), bytes])
  // It has one of its own.
  assert.match(await handEnvelope(t, [luciaB.address], passed(50)), /^554 5\.4\.6 /)
  assert.deepEqual(await luciaInbox.about(subject), [])
  assert.match(await handEnvelope(t, [luciaB.address], passed(49)), /^250 /)
  await luciaInbox.one(`POSTA CERTIFICATA: ${subject}`)
})

test('who answers by machine gets no answer, however often', async (t) => {
  const subject = newSubject()
  const autoReply = (index: number): string =>
    [
      'From: Fuori sede <auto@ordinario.test>',
      `To: ${mario.address}`,
      `Subject: ${subject}`,
      'Auto-Submitted: auto-replied',
      `Message-ID: <auto-${index}@ordinario.test>`,
      '',
      'Sono in ferie.',
      '',
    ].join('\r\n')
  const storm = 24
  const sealer = `posta-certificata@${mario.address.split('@')[1]}`
  const answers = await Promise.all(
    Array.from({ length: storm }, (_, index) =>
      handIn(t, alfa, {
        from: index % 3 === 0 ? 'auto@ordinario.test' : '',
        to: [index % 2 === 0 ? mario.address : sealer],
        message: autoReply(index),
      }),
    ),
  )
  for (const { final } of answers) assert.match(final, /^250 /)
  await inbox.wait(`ANOMALIA MESSAGGIO: ${subject}`, storm / 2)
  await service.wait(`ANOMALIA MESSAGGIO: ${subject}`, storm / 2)
  await records.untilIdle()
  assert.deepEqual(await inbox.about(subject), Array<string>(storm / 2).fill('ANOMALIA MESSAGGIO: '))
  assert.equal(network.sink.connections(), 0)
  // A bounce to nobody is refused in the dialogue: no bounce comes back.
  const nobody = `nessuno@${mario.address.split('@')[1]}`
  const refused = await handIn(t, alfa, { from: '', to: [nobody], message: autoReply(storm) })
  assert.match(refused.envelope[1] ?? '', /^550 5\.1\.1 /)
})

/** A message to delta that its server has taken. */
async function toDelta(owner: Owner, recipients: readonly string[]) {
  const sent = await network.send(owner, recipients)
  await records.until(sent.pecMsgid, ({ sent_at }) => sent_at !== null)
  return { sent, data: envelopeAt(peers['delta'] as ScriptedPeer, sent).data }
}

const outcomesOf = async ({ pecMsgid }: Sent): Promise<(string | null)[]> =>
  Object.values(await records.dispatches(pecMsgid)).map(({ outcome }) => outcome)

test('receipts that come twice are there once; others about the same change no outcome', async (t) => {
  const [one, two] = ['uno@pec.delta.test', 'due@pec.delta.test']
  const { sent, data } = await toDelta(t, [one, two])
  const [takeInCharge, receipt, notice] = [
    await delta.takeInCharge(data, serviceAddress, [one, two]),
    await delta.delivery(data, one),
    await delta.nonDelivery(data, two),
  ]
  for (const _ of [1, 2]) {
    await answer(t, delta, takeInCharge, 'service')
    await answer(t, delta, receipt)
    await answer(t, delta, notice)
  }
  // They are messages for their reader, but the outcome stands.
  await answer(t, delta, await delta.delivery(data, one))
  await answer(t, delta, await delta.nonDelivery(data, one))
  await records.untilIdle()
  const { [one]: delivered, [two]: failed } = await records.dispatches(sent.pecMsgid)
  assert.deepEqual([delivered?.outcome, failed?.outcome], ['delivered', 'failed'])
  assert.deepEqual(await service.about(sent.subject), ['PRESA IN CARICO: '])
  assert.deepEqual(await inbox.about(sent.subject), [
    'ACCETTAZIONE: ',
    'AVVISO DI MANCATA CONSEGNA: ',
    'AVVISO DI MANCATA CONSEGNA: ',
    'CONSEGNA: ',
    'CONSEGNA: ',
  ])
  assert.equal((await inbox.wait(`CONSEGNA: ${sent.subject}`, 2)).filter(({ source }) => source.equals(receipt)).length, 1)
})

test('a delivery receipt before the take-in-charge closes, and the take-in-charge is kept', async (t) => {
  const { sent, data } = await toDelta(t, ['uno@pec.delta.test'])
  await answer(t, delta, await delta.delivery(data, 'UNO@pec.delta.test'))
  assert.deepEqual(await outcomesOf(sent), ['delivered'])
  await answer(t, delta, await delta.takeInCharge(data, serviceAddress, ['uno@pec.delta.test']), 'service')
  await service.one(`PRESA IN CARICO: ${sent.subject}`)
  assert.deepEqual(await outcomesOf(sent), ['delivered'])
})

test('who does not manage a recipient says nothing of his mail: his receipt is passed on, and closes nothing', async (t) => {
  const recipient = 'ufficio@pec.delta.test'
  const { sent, data } = await toDelta(t, [recipient])
  await answer(t, gamma, await gamma.takeInCharge(data, serviceAddress, [recipient]), 'service')
  await answer(t, gamma, await gamma.delivery(data, recipient))
  await answer(t, gamma, await gamma.nonDelivery(data, recipient))
  // Nor does delta of a recipient whom the message did not have, or of a message that was never sent.
  await answer(t, delta, await delta.delivery(data, 'altro@pec.delta.test'))
  await answer(t, delta, await delta.delivery({ ...data, pecMsgid: `0${data.pecMsgid}` }, recipient))
  await inbox.wait(`CONSEGNA: ${sent.subject}`, 3)
  await inbox.wait(`AVVISO DI MANCATA CONSEGNA: ${sent.subject}`, 1)
  await service.wait(`PRESA IN CARICO: ${sent.subject}`, 1)
  const { [recipient]: open } = await records.dispatches(sent.pecMsgid)
  assert.deepEqual([open?.outcome, open?.taken_at], [null, null])
  const receipt = await delta.delivery(data, recipient)
  await answer(t, delta, receipt)
  assert.deepEqual(await outcomesOf(sent), ['delivered'])
  const known = (await inbox.wait(`CONSEGNA: ${sent.subject}`, 4)).filter(({ source }) => source.equals(receipt))
  assert.equal(known.length, 1, 'byte for byte as it came')
})

test('at the end nothing waits, nothing went where nobody expected it, and all is consistent', async () => {
  await records.untilIdle()
  await atBeta.untilIdle()
  assert.equal(network.sink.connections(), 0)
  for (const { bytes } of gammaPeer.taken) assert.ok(readMessage(bytes).kind !== null)
  await consistent(alfa)
  await consistent(beta)
})
