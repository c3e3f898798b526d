/**
 * The main job: a message handed in by one holder comes out certified at the other, judged by programs that are not ours, byte for byte.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { expectedOriginal } from './support/expected-original.ts'
import { enclosedOriginal, judge } from './support/judges.ts'
import { openMailbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { makeMailboxes } from './support/mailboxes.ts'
import { startProvider, type Account } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

/** Lines of base64, as an attachment has them. */
const base64Body = (bytes: number): string =>
  randomBytes(bytes * 0.73)
    .toString('base64')
    .replace(/.{76}/g, '$&\r\n')

interface Case {
  readonly name: string
  readonly message: (from: Account, to: Account, id: string) => Buffer
  /** has no Message-ID of the user's own */
  readonly withoutId?: boolean
  /** what the original is expected to be, if not what was sent */
  readonly expected?: (sent: Buffer) => Buffer
}

const sized = (size: number): Case['message'] => {
  return (from, to, id) =>
    Buffer.from(
      plainMessage(from.address, [to.address], {
        headers: [`Subject: ${id}`, `Message-ID: <${id}@client.test>`],
        body: `${base64Body(size)}\r\n`,
      }),
    )
}

const MULTIPART = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary="part"']
const ATTACHMENTS = `--part\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nPerché no? €\r\n--part\r\nContent-Type: application/pdf; name="fattura.pdf"\r\nContent-Disposition: attachment; filename="fattura.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Body(5000)}\r\n--part--\r\n`

const CASES: readonly Case[] = [
  { name: '1 KB', message: sized(1000) },
  { name: '100 KB', message: sized(100_000) },
  { name: '30 MB', message: sized(30_000_000) },
  {
    name: '8-bit with attachments',
    message: (from, to, id) =>
      Buffer.from(
        plainMessage(from.address, [to.address], {
          headers: [`Subject: ${id}`, `Message-ID: <${id}@client.test>`, ...MULTIPART],
          body: ATTACHMENTS,
        }),
      ),
  },
  {
    name: 'no Message-ID',
    withoutId: true,
    message: (from, to, id) => Buffer.from(plainMessage(from.address, [to.address], { headers: [`Subject: ${id}`] })),
  },
  {
    name: 'Message-ID folded, in capitals, among odd header lines',
    message: (from, to, id) =>
      Buffer.from(
        plainMessage(from.address, [to.address], {
          headers: ['X-Odd:value', `MESSAGE-ID:\r\n <${id}@client.test>`, `subject:  ${id}`, 'X-Empty:', 'X-Folded: a\r\n\tb'],
          body: '.dot\r\n..dots\r\n--boundary--\r\n\r\n',
        }),
      ),
  },
  {
    name: 'bare LF and CR become CRLF',
    message: (from, to, id) =>
      Buffer.from(
        plainMessage(from.address, [to.address], {
          headers: [`Subject: ${id}`, `Message-ID: <${id}@client.test>`],
          body: 'one\ntwo\rthree\r\n',
        }),
      ),
    expected: (sent) => Buffer.from(sent.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n'), 'latin1'),
  },
]

const pick = (messages: readonly ReadMessage[], prefix: string, id: string): ReadMessage => {
  const found = messages.filter(({ subject }) => subject.startsWith(prefix) && subject.endsWith(id))
  assert.equal(found.length, 1, `one ${prefix} for ${id}`)
  return found[0] as ReadMessage
}

suite('a message between two holders', async () => {
  test('comes out certified, byte for byte, for every kind of message', async (t) => {
    if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3')) return
    const provider = await startProvider(t)
    const [mario, lucia] = provider.accounts
    const [sender, recipient] = [await openMailbox(t, provider, mario), await openMailbox(t, provider, lucia)]
    let sentSoFar = 0
    for (const { name, message, withoutId = false, expected = (sent: Buffer) => sent } of CASES) {
      await t.test(name, async (t) => {
        const id = `case-${++sentSoFar}`
        const sent = message(mario, lucia, id)
        const answer = await submit(provider, { account: mario, recipients: [lucia.address], message: sent })
        assert.equal(answer.code, 0, answer.stdout)
        const pecMsgid = /Accepted as certified mail, id (\S+)/.exec(answer.stdout)?.[1]
        assert.ok(pecMsgid)
        const mine = ({ subject }: ReadMessage): boolean => subject.endsWith(id)
        const receipts = await waitForMessages(sender, 2, mine)
        const [envelope] = await waitForMessages(recipient, 1, mine)
        assert.equal(receipts.length, 2)
        const acceptance = pick(receipts, 'ACCETTAZIONE: ', id)
        const delivery = pick(receipts, 'CONSEGNA: ', id)
        assert.ok(envelope)
        assert.ok(envelope.subject.startsWith('POSTA CERTIFICATA: '))
        for (const { source, size } of [acceptance, delivery, envelope]) {
          assert.equal(source.length, size)
          const { daticert } = await judge(t, provider.ca, source)
          assert.match(daticert, new RegExp(`<identificativo>${pecMsgid}</identificativo>`))
          assert.equal(/<msgid>/.test(daticert), !withoutId)
        }
        const original = expectedOriginal(expected(sent), pecMsgid, withoutId)
        assert.ok(enclosedOriginal(envelope.source).equals(original), 'the envelope encloses the original')
        assert.ok(enclosedOriginal(delivery.source).equals(original), 'the complete receipt encloses the original')
      })
    }
    await consistent(provider)
  })

  test('goes to 50 recipients: one acceptance, 50 deliveries, and a notice for who does not exist', async (t) => {
    if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3')) return
    const provider = await startProvider(t)
    const [mario, lucia] = provider.accounts
    const domain = lucia.address.split('@')[1]
    const others = Array.from({ length: 48 }, (_, index) => `socio${index}@${domain}`)
    await makeMailboxes(provider, others)
    const recipients = [lucia.address, mario.address, ...others, `nessuno@${domain}`]
    const message = plainMessage(mario.address, recipients, { headers: ['Subject: a tutti'] })
    const answer = await submit(provider, { account: mario, recipients, message })
    assert.equal(answer.code, 0, answer.stdout)
    const sender = await openMailbox(t, provider, mario)
    const messages = await waitForMessages(sender, 53)
    const count = (prefix: string): number => messages.filter(({ subject }) => subject.startsWith(prefix)).length
    assert.deepEqual(
      ['ACCETTAZIONE: ', 'CONSEGNA: ', 'AVVISO DI MANCATA CONSEGNA: ', 'POSTA CERTIFICATA: '].map(count),
      [1, 50, 1, 1],
    )
    const notice = pick(messages, 'AVVISO DI MANCATA CONSEGNA: ', 'a tutti')
    const { daticert } = await judge(t, provider.ca, notice.source)
    assert.match(daticert, /errore="no-dest"/)
    assert.match(daticert, /<errore-esteso>5\.1\.1 - Ceralacca Demo - indirizzo non valido<\/errore-esteso>/)
    await consistent(provider)
  })
})
