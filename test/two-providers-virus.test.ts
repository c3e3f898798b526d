/**
 * Viruses between two providers, each of which has a scanner that knows another one: what a sender's provider does not find, the receiver's
 * does. The message goes no further, is kept in quarantine, and every party hears of it (RFC 6109 3.1.3, 3.2.3, 3.2.4).
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EICAR, EICAR_NAME, nameFound, startClamd } from './support/clamd.ts'
import { judgeRow, receiptAbout } from './support/judge-row.ts'
import { acceptance, virusNonAcceptance, virusNonDelivery, virusNotice } from './support/message-table.ts'
import { temporaryFolder } from './support/provider.ts'
import { startSides, type Side } from './support/sides.ts'
import { requireTools } from './support/tools.ts'

/** What the scanner of alfa alone knows: it does no harm. */
const OTHER = { name: 'Prova-Ceralacca', text: 'Questo testo fa le veci di un virus: 4b1d-9c07-77e2.' }

interface Virus {
  readonly text: string
  /** as its scanner names it */
  readonly name: string
}

/** The virus that a side's scanner finds. */
const KNOWN = { alfa: { text: OTHER.text, name: nameFound(OTHER) }, beta: { text: EICAR, name: EICAR_NAME } }

test('viruses between two providers', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3', 'clamd')) return
  const [first, second] = await Promise.all([startClamd(t, OTHER), startClamd(t)])
  const sides = await startSides(t, {
    alfa: { environment: { CERALACCA_CLAMD: first.tcp } },
    beta: { environment: { CERALACCA_CLAMD: second.tcp } },
  })
  for (const { name, from, to } of sides.directions) {
    const [own, foreign] = from === sides.alfa ? [KNOWN.alfa, KNOWN.beta] : [KNOWN.beta, KNOWN.alfa]
    await t.test(`found by the receiver (${name})`, (t) => isFoundByReceiver(t, from, to, foreign))
    await t.test(`found at the access point (${name})`, (t) => isFoundAtOnce(t, from, to, own))
  }
  await sides.consistent()
})

/** The virus as an attachment: the scanner has to look into it. */
const attached = ({ text }: Virus) => ({
  headers: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="parti"'],
  body: [
    '--parti\r\nContent-Type: text/plain\r\n\r\nIn allegato il programma.',
    '--parti\r\nContent-Type: application/octet-stream; name="programma.com"\r\nContent-Transfer-Encoding: base64\r\n' +
      `Content-Disposition: attachment; filename="programma.com"\r\n\r\n${Buffer.from(text, 'latin1').toString('base64')}`,
    '--parti--\r\n',
  ].join('\r\n'),
})

async function isFoundByReceiver(t: TestContext, from: Side, to: Side, virus: Virus): Promise<void> {
  const [mario] = from.holders
  const [anna, bruno] = to.holders
  const subject = `Un programma, da ${from.site.name}`
  const { facts, outcomes } = await mario.send({ subject, to: [anna, bruno], ...attached(virus) })
  const notices = await from.service.wait(`PROBLEMA DI SICUREZZA: ${subject}`, 2)
  const failures = await mario.inbox.wait(`AVVISO DI MANCATA CONSEGNA PER VIRUS: ${subject}`, 2)
  const accepted = await mario.inbox.one(`ACCETTAZIONE: ${subject}`)
  await judgeRow(t, from, accepted, facts, { row: acceptance, issuer: from, to: mario.address })
  for (const { address } of [anna, bruno]) {
    await judgeRow(t, from, receiptAbout(address, notices), facts, {
      row: virusNotice(mario.address, address, virus.name),
      issuer: to,
      to: from.site.record.mailReceipt,
      over: from,
    })
    await judgeRow(t, from, receiptAbout(address, failures), facts, {
      row: virusNonDelivery(address, `5.7.1 - ${to.site.name} - ${virus.name}`),
      issuer: from,
      to: mario.address,
    })
  }
  assert.deepEqual(await outcomes(), { [anna.address]: 'failed', [bruno.address]: 'failed' })
  // Nobody took it in charge, and nobody has it.
  assert.deepEqual(await from.service.about(subject), Array<string>(2).fill('PROBLEMA DI SICUREZZA: '))
  for (const { inbox } of [anna, bruno]) assert.deepEqual(await inbox.about(subject), [])
  const [came] = to.wire.carried((message) => message.includes(`Message-ID: <${facts.pecMsgid}>`))
  assert.ok(came)
  await isInQuarantine(t, to, facts.pecMsgid, {
    point: 'incoming',
    sender: mario.address,
    recipients: [anna.address, bruno.address],
    virus,
    bytes: came.bytes,
  })
}

async function isFoundAtOnce(t: TestContext, from: Side, to: Side, virus: Virus): Promise<void> {
  const [mario] = from.holders
  const [anna] = to.holders
  const subject = `Un programma noto, da ${from.site.name}`
  const { facts, bytes, outcomes } = await mario.send({ subject, to: [anna], ...attached(virus) })
  const notice = await mario.inbox.one(`AVVISO DI NON ACCETTAZIONE PER VIRUS: ${subject}`)
  const row = virusNonAcceptance(virus.name)
  await judgeRow(t, from, notice, facts, { row, issuer: from, to: mario.address })
  assert.deepEqual(await mario.inbox.about(subject), ['AVVISO DI NON ACCETTAZIONE PER VIRUS: '])
  const left = to.wire.carried((message) => message.includes(facts.msgid))
  assert.deepEqual(left, [])
  assert.deepEqual(await outcomes(), {})
  assert.deepEqual(await from.events(facts.pecMsgid), ['refused'])
  const kept = { point: 'access', sender: mario.address, recipients: [anna.address], virus, bytes }
  await isInQuarantine(t, from, facts.pecMsgid, kept)
}

interface Kept {
  readonly point: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly virus: Virus
  readonly bytes: Buffer
}

async function isInQuarantine(t: TestContext, side: Side, pecMsgid: string, kept: Kept): Promise<void> {
  const { bytes, virus, ...who } = kept
  const all = (await side.run('quarantine', 'list')) as Record<string, unknown>[]
  const found = all.filter((record) => record['pecMsgid'] === pecMsgid)
  const expected = { pecMsgid, size: bytes.length, threat: { kind: 'virus', name: virus.name }, ...who }
  const shown = found.map((record) => Object.fromEntries(Object.keys(expected).map((name) => [name, record[name]])))
  assert.deepEqual(shown, [expected])
  const file = join(temporaryFolder(t), 'kept.eml')
  await side.run('quarantine', 'export', pecMsgid, file)
  assert.ok(readFileSync(file).equals(bytes), 'it is kept byte for byte')
}
