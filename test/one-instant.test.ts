/**
 * I7: all dates and identifiers of one transaction come from one instant, in Europe/Rome time. The clock here goes on by more than a second
 * each time that somebody looks at it, so who looks twice is seen.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { OutgoingReceipt, Submission } from '../src/transport/types.ts'
import { withPoints, type Holder, type InboxMessage } from './support/points.ts'
import { takeApart } from './support/take-apart.ts'

const { database, clock, address, holder, worker, accept, inbox } = await withPoints({ after })
const { delivery, receive } = worker()
clock.step = 1300

const DATE = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
const rome = new Intl.DateTimeFormat('it-IT', { ...DATE, hourCycle: 'h23', timeZone: 'Europe/Rome', timeZoneName: 'longOffset' })

/** An instant as the certified texts write it, by other means than ours. */
function written(at: number): { day: string; time: string; zone: string } {
  const part = Object.fromEntries(rome.formatToParts(at).map(({ type, value }) => [type, value]))
  return {
    day: `${part['day']}/${part['month']}/${part['year']}`,
    time: `${part['hour']}:${part['minute']}:${part['second']}`,
    zone: (part['timeZoneName'] ?? '').replace(/GMT|:/g, ''),
  }
}

/** The time in the UUIDv7 that an identifier begins with (RFC 9562 5.7), in whole seconds. */
const timeOf = (identifier: string): number =>
  Math.floor(Number.parseInt(identifier.replaceAll('-', '').slice(0, 12), 16) / 1000) * 1000

/** The signing time in a seal (RFC 5652 11.3), found by its object identifier. */
function signingTime(seal: Buffer): number {
  const start = seal.indexOf(Buffer.from('2a864886f70d010905', 'hex'))
  const digits = /\d{12}(?=Z)/.exec(seal.toString('latin1', start, start + 40))?.[0] ?? ''
  return Date.parse(digits.replace(/(..)(..)(..)(..)(..)(..)/, '20$1-$2-$3T$4:$5:$6Z'))
}

/** The one instant that a certified message shows: in its header, its identifier, daticert.xml, its texts and its seal. */
function instantIn(source: Buffer): number {
  const { fields, plain, html, daticert, seal } = takeApart(source)
  const at = Date.parse(fields['date'] ?? '')
  const { day, time, zone } = written(at)
  assert.ok(fields['date']?.endsWith(` ${time} ${zone}`), fields['date'])
  assert.equal(timeOf(fields['message-id']?.slice(1) ?? ''), at, 'the identifier')
  const xml = daticert.toString().replace(/\s*\n\s*/g, '')
  assert.ok(xml.includes(`<data zona="${zone}"><giorno>${day}</giorno><ora>${time}</ora></data>`), xml)
  for (const text of [plain, html]) {
    assert.ok(text.includes(`Il giorno ${day} alle ore ${time} (${zone})`), text)
    assert.ok(text.includes(`On ${day} at ${time} (${zone})`), text)
  }
  assert.equal(signingTime(seal), at, 'the signing time')
  return at
}

/** All times, and times of identifiers, that a query gives for a message. */
async function stored(sql: string, pecMsgid: string): Promise<number[]> {
  const rows = await database.reader.read<Record<string, Date | string>>(sql, [pecMsgid])
  assert.ok(rows.length > 0)
  return rows.flatMap((row) => Object.values(row)).map((value) => (value instanceof Date ? value.getTime() : timeOf(value)))
}

const LEDGER = 'select at from ledger_entry where pec_msgid = $1 and event ='

const isOf = (message: InboxMessage, messageId: string): boolean => message.source.includes(`\r\nMessage-ID: <${messageId}>\r\n`)
function messageOf(messages: readonly InboxMessage[], messageId: string): InboxMessage {
  const found = messages.filter((message) => isOf(message, messageId))
  assert.equal(found.length, 1)
  return found[0] as InboxMessage
}

async function accepted({ data, envelope, body }: Submission, sender: Holder): Promise<void> {
  assert.ok(body)
  const source = Buffer.concat([envelope.head, body.bytes, envelope.tail])
  const at = instantIn(source)
  assert.equal(Date.parse(/^Received: [^;]*;\s*(.*)$/m.exec(source.toString('latin1'))?.[1] ?? ''), at, 'the trace')
  const [related] = await database.reader.read<{ id: string }>(
    "select related[2] as id from ledger_entry where pec_msgid = $1 and event = 'accepted'",
    [data.pecMsgid],
  )
  const acceptance = messageOf(await inbox(sender), related?.id ?? '')
  assert.equal(instantIn(acceptance.source), at)
  const times = [
    acceptance.internalDate,
    ...(await stored(`${LEDGER} 'accepted'`, data.pecMsgid)),
    ...(await stored('select accepted_at, acceptance, envelope from submission where pec_msgid = $1', data.pecMsgid)),
    ...(await stored(
      `select b.created_at, b.id from submission s join content c on c.id = s.envelope join blob b on b.id = c.blob where pec_msgid = $1`,
      data.pecMsgid,
    )),
  ]
  assert.deepEqual([...new Set(times)], [at])
}

/** A verdict, and what it left, when its receipt has come into the sender's inbox. */
async function judged({ pecMsgid, messageId, kind }: OutgoingReceipt, sender: Holder, recipient?: Holder): Promise<void> {
  const receipt = messageOf(await inbox(sender), messageId)
  const at = instantIn(receipt.source)
  const envelopes = recipient ? [messageOf(await inbox(recipient), pecMsgid)] : []
  const times = [
    ...envelopes.map(({ internalDate }) => internalDate),
    ...(await stored(`${LEDGER} '${kind === 'delivery' ? 'delivered' : 'delivery-failed'}'`, pecMsgid)),
    ...(await stored('select at, receipt_id from delivery where pec_msgid = $1', pecMsgid)),
    ...(await stored('select at from outbox where pec_msgid = $1', pecMsgid)),
  ]
  assert.deepEqual([...new Set(times)], [at])
  const arrival = [
    ...(await stored(`${LEDGER} 'receipt-received'`, pecMsgid)),
    ...(await stored('select at, content from receipt where pec_msgid = $1', pecMsgid)),
    ...(await stored('select closed_at from dispatch where pec_msgid = $1', pecMsgid)),
  ]
  assert.deepEqual([...new Set(arrival)], [receipt.internalDate])
  assert.ok(receipt.internalDate > at, 'it came later than it was issued')
}

const thisYear = new Date(clock.ms).getUTCFullYear()
/** The next winter and the next summer: the seal's certificate holds for three years. */
const SEASONS = {
  '+0100': Date.UTC(thisYear + 1, 0, 15, 22, 59, 58, 700),
  '+0200': Date.UTC(thisYear + 1, 6, 31, 21, 59, 58, 900),
}

for (const [zone, start] of Object.entries(SEASONS)) {
  test(`I7: one instant in each transaction, also of those that are committed together (${zone})`, async () => {
    clock.ms = start
    const sender = await holder(`mittente${zone.slice(2)}`)
    const recipient = await holder(`destinatario${zone.slice(2)}`)
    const nobody = address('nessuno')
    // The first goes alone; the others wait for it, and go together.
    const submissions = await Promise.all(
      Array.from({ length: 8 }, (_, index) => accept(sender, [index % 4 === 3 ? nobody : recipient.address])),
    )
    assert.ok(new Set(submissions.map(({ acceptedAt }) => acceptedAt.ms)).size > 1, 'the clock goes on')
    const receipts = await Promise.all(
      submissions.map((submission) =>
        delivery.deliver({
          envelope: submission,
          recipient: submission.data.recipients[0]?.address ?? '',
          retried: false,
        }),
      ),
    )
    await Promise.all(receipts.flatMap((receipt) => (receipt ? [receive(receipt)] : [])))
    for (const [index, submission] of submissions.entries()) {
      assert.equal(submission.acceptedAt.zone, zone)
      await accepted(submission, sender)
      const receipt = receipts[index]
      assert.ok(receipt)
      await judged(receipt, sender, index % 4 === 3 ? undefined : recipient)
    }
  })
}
