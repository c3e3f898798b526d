/** I2 to I5 of what other servers hand in: in pieces, again, while mailboxes change, with recipients and line ends that do not fit. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { MailboxStatus } from '../src/registry/status.ts'
import { OTHER_DOMAIN, withInnerProvider } from './support/inner-provider.ts'
import { startScanner } from './support/scripted-scanner.ts'
import { startPeer } from './support/scripted-peer.ts'
import { plainMessage } from './support/submit.ts'

const SENDER = `ufficio@${OTHER_DOMAIN}`
const ORDINARY = 'qualcuno@ordinary.test'
/** Profiles are remembered for so long. */
const SOON = 3000

const scanner = await startScanner({ after })
const peer = await startPeer({ after })
const environment = { CERALACCA_CLAMD: scanner.address, CERALACCA_ROUTES: `*=127.0.0.1:${peer.port}` }
const inner = await withInnerProvider({ after }, { quiet: true, environment })
const { other, clock, holder, handIn, inbox, mailboxOf, none, rows } = inner

let people = 0
const someone = (quota?: number): Promise<string> => holder(`titolare${++people}`, quota)
const done = () => none('select * from arrival_recipient where done_at is null')

async function setStatus(address: string, status: MailboxStatus): Promise<void> {
  await inner.installation.profiles.set(await mailboxOf(address), { status })
  clock.ms += SOON
}

const kindsOf = (messages: readonly Buffer[]): string[] =>
  messages.map((message) => /^X-(?:Trasporto|Ricevuta): (\S+)/m.exec(message.toString('latin1'))?.[1] ?? 'none')

const envelopeTo = (...recipients: string[]) => other.envelope({ sender: SENDER, recipients, subject: `Prova ${people}` })

const verdicts = (pecMsgid: string) =>
  rows<{ recipient: string; outcome: string }>('select recipient, outcome from delivery where pec_msgid = $1 order by 1, 2', [
    pecMsgid,
  ])

test('I3 I5: an envelope that comes in two transactions with other recipients each: each has it whole', async () => {
  const [mario, anna] = [await someone(), await someone()]
  const { bytes } = await envelopeTo(mario, anna)
  await handIn(bytes, [mario])
  await handIn(bytes, [anna])
  await done()
  for (const address of [mario, anna])
    assert.deepEqual(
      (await inbox(address)).map((source) => source.equals(bytes)),
      [true],
    )
})

test('I3: who is not among the certified recipients gets the message in an anomaly envelope, and certifies nothing', async () => {
  const [mario, stranger] = [await someone(), await someone()]
  const { bytes, data } = await envelopeTo(mario)
  await handIn(bytes, [stranger])
  await handIn(bytes, [stranger, mario])
  await done()
  assert.deepEqual(kindsOf(await inbox(mario)), ['posta-certificata'])
  assert.deepEqual(kindsOf(await inbox(stranger)), ['errore', 'errore'])
  assert.deepEqual(await verdicts(data.pecMsgid), [{ recipient: mario, outcome: 'delivered' }])
})

for (const status of ['suspended', 'disabled', 'revoked'] as const) {
  test(`I3 I4: a mailbox that is ${status} between two attempts has one verdict`, async () => {
    const mario = await someone()
    const { bytes, data } = await envelopeTo(mario)
    await handIn(bytes, [mario])
    await done()
    await setStatus(mario, status)
    // As if the mark had been lost with its process.
    await forget(data.pecMsgid)
    await inner.takeUp()
    await done()
    assert.deepEqual(await verdicts(data.pecMsgid), [{ recipient: mario, outcome: 'delivered' }])
    assert.deepEqual(kindsOf(await inbox(mario)), ['posta-certificata'])
  })

  test(`ordinary mail that was taken in for a mailbox that is ${status} then is there all the same`, async () => {
    const mario = await someone()
    await inner.hold()
    await handIn(Buffer.from(plainMessage(ORDINARY, [mario])), [mario], ORDINARY)
    await setStatus(mario, status)
    await inner.takeUp()
    await done()
    assert.deepEqual(kindsOf(await inbox(mario)), ['errore'])
  })
}

async function forget(pecMsgid: string): Promise<void> {
  for (const { slot } of await rows<{ slot: number }>('select slot from arrival where id = $1', [pecMsgid]))
    await inner.database.transactor.call(
      slot,
      'update arrival_recipient set done_at = null, next_attempt = $3 where slot = $1 and arrival = $2',
      [slot, pecMsgid, new Date(clock.ms)],
    )
}

test('I3: a copy in which nothing is found, after one in which something was, is delivered with a receipt, also after a crash', async () => {
  const [mario, anna] = [await someone(), await someone()]
  const { bytes, data } = await envelopeTo(mario, anna)
  scanner.threat = 'Some.Virus'
  await handIn(bytes, [mario])
  scanner.threat = null
  await inner.hold()
  await handIn(bytes, [anna])
  await inner.takeUp()
  await done()
  assert.deepEqual(await verdicts(data.pecMsgid), [{ recipient: anna, outcome: 'delivered' }])
  assert.deepEqual([kindsOf(await inbox(mario)), kindsOf(await inbox(anna))], [[], ['posta-certificata']])
})

/** What a holder has sent to the other provider, as that one knows it. */
async function sentBy(sender: string) {
  await inner.hold()
  const recipient = `ufficio@${OTHER_DOMAIN}`
  const pecMsgid = await inner.submit(sender, [recipient])
  const data = {
    pecMsgid,
    msgid: null,
    sender,
    recipients: [{ address: recipient, certified: true }],
    replyTo: sender,
    subject: '',
    rawSubject: null,
    receiptType: 'completa',
  } as const
  const outcome = async () =>
    (await rows<{ outcome: string | null }>('select outcome from dispatch where pec_msgid = $1', [pecMsgid]))[0]?.outcome
  return { data, recipient, outcome }
}

test('I2: a receipt of another provider is mail also where another one of its kind is there before it', async () => {
  const mario = await someone()
  const { data, recipient, outcome } = await sentBy(mario)
  const [first, second] = [await other.nonDelivery(data, recipient), await other.nonDelivery(data, recipient)]
  for (const receipt of [first, first, second]) await handIn(receipt, [mario], other.address)
  await inner.takeUp()
  await done()
  const found = await inbox(mario)
  assert.deepEqual(kindsOf(found), ['accettazione', 'errore-consegna', 'errore-consegna'])
  assert.ok(found[1]?.equals(first) && found[2]?.equals(second))
  assert.equal(await outcome(), 'failed')
})

test('a receipt that is also for one who is unknown is refused before anybody has it', async () => {
  const mario = await someone()
  const { data, recipient, outcome } = await sentBy(mario)
  const receipt = await other.delivery(data, recipient)
  await assert.rejects(handIn(receipt, [mario, 'nessuno@pec.inner.test'], other.address), { code: 'no-such-mailbox' })
  assert.equal(await outcome(), null)
  await handIn(receipt, [mario], other.address)
  assert.equal(await outcome(), 'delivered')
  await inner.takeUp()
})

test('a receipt that is about nothing of a suspended mailbox is there all the same', async () => {
  const mario = await someone()
  await setStatus(mario, 'suspended')
  const { data } = await envelopeTo(mario)
  await handIn(await other.delivery({ ...data, sender: mario }, `ufficio@${OTHER_DOMAIN}`), [mario], other.address)
  await done()
  assert.deepEqual(kindsOf(await inbox(mario)), ['avvenuta-consegna'])
})

test('ordinary mail with bare line feeds is sealed with CRLF only, and the header in the envelope is its own', async () => {
  const mario = await someone()
  const bare = plainMessage(ORDINARY, [mario], { headers: ['Subject: Prova', 'Message-ID: <a@b.test>'] })
    .replace(/\r\n/g, '\n')
    .concat('di\rnuovo\n')
  await handIn(Buffer.from(bare), [mario], ORDINARY)
  await done()
  const [found] = await inbox(mario)
  const text = found?.toString('latin1') ?? ''
  assert.doesNotMatch(text, /(?<!\r)\n|\r(?!\n)/)
  assert.match(text, /^Subject: ANOMALIA MESSAGGIO: Prova\r$/m)
  assert.ok(text.includes(bare.replace(/\r|\n/g, '\r\n')))
})

test('ordinary mail whose subject decodes to a NUL is taken', async () => {
  const mario = await someone()
  await handIn(Buffer.from(plainMessage(ORDINARY, [mario], { headers: ['Subject: =?utf-8?Q?a=00b?='] })), [mario], ORDINARY)
  await done()
  assert.deepEqual(kindsOf(await inbox(mario)), ['errore'])
})

test('who is full is refused by himself: the others get the message', async () => {
  const [full, mario] = [await someone(0), await someone()]
  const message = Buffer.from(plainMessage(ORDINARY, [full, mario]))
  assert.deepEqual(await handIn(message, [full, mario], ORDINARY), ['mailbox-full'])
  await done()
  assert.deepEqual(kindsOf(await inbox(mario)), ['errore'])
})

test('a forward that nobody takes: the message is in the mailbox after all, in an anomaly envelope', async () => {
  const mario = await someone()
  const profile = { incomingOrdinary: 'forward', forwardTo: 'altrove@ordinary.test' } as const
  await inner.installation.profiles.set(await mailboxOf(mario), profile)
  clock.ms += SOON
  const message = Buffer.from(plainMessage(ORDINARY, [mario], { headers: [`Subject: Prova ${people}`] }))
  await handIn(message, [mario], ORDINARY)
  await none("select * from outbox where kind = 'forward'")
  assert.deepEqual(
    peer.taken.map(({ from, to }) => [from, to]),
    [['', ['altrove@ordinary.test']]],
  )
  assert.ok(peer.taken[0]?.bytes.includes(message))
  assert.deepEqual(await inbox(mario), [])
  peer.script = { RCPT: '550 5.1.1 nobody' }
  await handIn(message, [mario], ORDINARY)
  await none("select * from outbox where kind = 'forward'")
  await inner.takeUp()
  await done()
  const [found, ...more] = await inbox(mario)
  assert.deepEqual(more, [])
  assert.ok(found && kindsOf([found])[0] === 'errore' && found.includes(message))
})
