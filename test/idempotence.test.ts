/**
 * I3 and I4, a step at a time: whatever is done twice, at once or after a crash, one after the other or at the same time by two processes,
 * is done once.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery, OutgoingReceipt, Submission } from '../src/transport/types.ts'
import { enclosedOriginal } from './support/judges.ts'
import { withPoints, type Holder, type InboxMessage, type Worker } from './support/points.ts'

const { database, clock, address, holder, worker, accept, inbox, state } = await withPoints({ after })
const [one, two] = [worker(), worker()]

/** Longer than any lease. */
const LATER = 21_000
let people = 0
const someone = (): Promise<Holder> => holder(`titolare${++people}`)

const toEach = (submission: Submission, retried: boolean): Delivery[] =>
  submission.data.recipients.map(({ address }) => ({ envelope: submission, recipient: address, retried }))

/** A message from one holder to others, not yet dispatched. */
async function sent(count: number, body?: string): Promise<{ sender: Holder; recipients: Holder[]; submission: Submission }> {
  const sender = await someone()
  const recipients = await Promise.all(Array.from({ length: count }, someone))
  return {
    sender,
    recipients,
    submission: await accept(
      sender,
      recipients.map(({ address }) => address),
      body,
    ),
  }
}

async function deliverOne(submission: Submission): Promise<OutgoingReceipt> {
  const [dispatch] = toEach(submission, false)
  assert.ok(dispatch)
  const receipt = await one.delivery.deliver(dispatch)
  assert.ok(receipt)
  return receipt
}

/** A header field of each message. */
const fieldOf = (messages: readonly InboxMessage[], name: string): string[] =>
  messages.map(({ source }) => new RegExp(`^${name}: (.*)$`, 'm').exec(source.toString('latin1'))?.[1]?.trim() ?? '')

const receiptsOf = async (holder: Holder): Promise<string[]> => fieldOf(await inbox(holder), 'X-Ricevuta').sort()

/** Does it again in every way, and looks whether anything has changed. */
async function changesNothing(work: (worker: Worker) => Promise<unknown>): Promise<void> {
  const before = await state()
  await work(one)
  await work(two)
  await Promise.all([work(one), work(one), work(two), work(two)])
  assert.deepEqual(await state(), before)
}

/** Waits until no dispatch is open and the outbox is empty. */
async function settled(): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const [row] = await database.reader.read<{ open: number; waiting: number }>(
      'select (select count(*) from dispatch where outcome is null) as open, (select count(*) from outbox) as waiting',
    )
    if (row?.open === 0 && row.waiting === 0) return
    assert.ok(Date.now() < deadline, `still under way: ${JSON.stringify(row)}`)
    await pause(20)
  }
}

/** Lets processes that are started at the same time poll until there is nothing left to do. */
async function workOff(workers: readonly Worker[], alone: boolean): Promise<void> {
  await Promise.all(workers.map(({ work }) => work.run(alone)))
  await settled()
  await Promise.all(workers.map(({ work }) => work.stop()))
}

test('I3 I4: a delivery that is repeated changes nothing', async () => {
  const { recipients, submission } = await sent(1)
  const receipt = await deliverOne(submission)
  for (const retried of [false, true]) {
    const [dispatch] = toEach(submission, retried)
    assert.ok(dispatch)
    await changesNothing(async ({ delivery }) => assert.equal(await delivery.deliver(dispatch), undefined))
  }
  await one.receive(receipt)
  assert.equal((await inbox(recipients[0] as Holder)).length, 1)
})

test('I3 I4: two processes that deliver the same at once: one envelope, one receipt each', async () => {
  const { recipients, submission } = await sent(6)
  const results = await Promise.all(
    [one, one, two, two].map(({ delivery }) =>
      Promise.all(toEach(submission, delivery === two.delivery).map((dispatch) => delivery.deliver(dispatch))),
    ),
  )
  for (const [index, recipient] of recipients.entries()) {
    const issued = results.flatMap((receipts) => receipts[index] ?? [])
    assert.deepEqual(
      issued.map(({ kind }) => kind),
      ['delivery'],
    )
    assert.deepEqual(fieldOf(await inbox(recipient), 'X-Trasporto'), ['posta-certificata'])
  }
  await Promise.all(results.flatMap((receipts) => receipts.flatMap((receipt) => (receipt ? [two.receive(receipt)] : []))))
})

test('I4: a receipt that comes again, also after it has left the outbox, changes nothing', async () => {
  const { sender, submission } = await sent(1)
  const receipt = await deliverOne(submission)
  await Promise.all([one, one, two, two].map(({ receive }) => receive(receipt)))
  assert.deepEqual(await receiptsOf(sender), ['accettazione', 'avvenuta-consegna'])
  await changesNothing(({ receive }) => receive(receipt))
  await one.transport.receiptsArrived(receipt.slot, [receipt])
  await changesNothing(({ receive, transport }) =>
    receive(receipt).then(() => transport.receiptsArrived(receipt.slot, [receipt])),
  )
})

test('I4: an unknown address has one verdict, also if its mailbox is made before the retry', async () => {
  const sender = await someone()
  const name = `futura${people}`
  const submission = await accept(sender, [address(name)])
  const [dispatch] = toEach(submission, false)
  assert.ok(dispatch)
  const notices = await Promise.all([one, one, two].map(({ delivery }) => delivery.deliver(dispatch)))
  const issued = notices.filter((notice) => notice !== undefined)
  assert.deepEqual(
    issued.map(({ kind }) => kind),
    ['non-delivery'],
  )
  const late = await holder(name)
  await changesNothing(async ({ delivery }) => assert.equal(await delivery.deliver({ ...dispatch, retried: true }), undefined))
  clock.ms += LATER
  await workOff([worker()], false)
  assert.deepEqual(await inbox(late), [])
  assert.deepEqual(await receiptsOf(sender), ['accettazione', 'errore-consegna'])
})

test('I3 I4: a full mailbox has one verdict, also if there is room again before the retry', async () => {
  const sender = await someone()
  const full = await holder(`piena${people}`, 100)
  const submission = await accept(sender, [full.address])
  const [dispatch] = toEach(submission, false)
  assert.ok(dispatch)
  const notices = await Promise.all([one, one, two].map(({ delivery }) => delivery.deliver(dispatch)))
  const [notice, ...more] = notices.filter((notice) => notice !== undefined)
  assert.ok(notice)
  assert.deepEqual([notice.kind, more], ['non-delivery', []])
  const { slot, id } = full.mailbox
  await database.transactor.call(slot, 'update mailbox set quota = $3 where slot = $1 and id = $2', [slot, id, 1e9])
  await changesNothing(async ({ delivery }) => assert.equal(await delivery.deliver({ ...dispatch, retried: true }), undefined))
  assert.deepEqual(await inbox(full), [])
  await one.receive(notice)
  assert.deepEqual(await receiptsOf(sender), ['accettazione', 'errore-consegna'])
})

test('I4: what two processes claim at once, each row goes to one of them, and to nobody before its lease has passed', async () => {
  const { submission } = await sent(12)
  const { slot } = submission.sender
  const until = (): [Date, Date] => [new Date(clock.ms), new Date(clock.ms + LATER)]
  const dispatches = ({ transport }: Worker) => transport.claimDispatches(slot, ...until(), 5)
  const outbox = ({ transport }: Worker) => transport.claimOutbox(receipt.slot, ...until(), 5)
  const recipients = submission.data.recipients.map(({ address }) => address).sort()
  assert.deepEqual(await dispatches(one), [], 'who accepted has them first')
  for (let round = 1; round <= 3; round++) {
    clock.ms += LATER
    const claimed = await Promise.all([one, two, one, two].map(dispatches))
    const rows = claimed.flat()
    assert.deepEqual(rows.map(({ recipient }) => recipient).sort(), recipients)
    assert.ok(rows.every(({ attempts }) => attempts === round + 1))
  }
  const receipt = await deliverOne(submission)
  assert.deepEqual(await outbox(one), [], 'who delivered has it first')
  clock.ms += LATER
  const claimed = await Promise.all([one, two, one, two].map(outbox))
  assert.deepEqual(
    claimed.flat().map(({ message_id }) => message_id),
    [receipt.messageId],
  )
  clock.ms += LATER
  await workOff([worker()], false)
})

/** What a process that is gone may leave, by how far it came. */
const LOST: Record<string, (submission: Submission) => Promise<unknown>> = {
  'nothing was begun': async () => undefined,
  'the verdict was given': deliverOne,
  'the receipt was brought back': async (submission) => one.receive(await deliverOne(submission)),
}

for (const [name, begin] of Object.entries(LOST)) {
  for (const alone of [true, false]) {
    test(`I2 I3 I4 I5: work lost in memory is done by who polls (${name}; ${alone ? 'alone' : 'after the lease'})`, async () => {
      const body = `${'parola '.repeat(10)}\r\n`.repeat(1500)
      const { sender, recipients, submission } = await sent(3, body)
      await begin(submission)
      if (!alone) clock.ms += LATER
      await workOff([worker(), worker()], alone)
      assert.deepEqual(await receiptsOf(sender), ['accettazione', ...Array<string>(3).fill('avvenuta-consegna')])
      const { head, tail, slice } = submission.envelope
      assert.ok(slice && submission.body)
      const envelope = Buffer.concat([head, submission.body.bytes, tail])
      const original = Buffer.concat([submission.original.header, submission.body.bytes])
      for (const recipient of recipients) {
        const messages = await inbox(recipient)
        assert.equal(messages.length, 1)
        assert.ok(messages[0]?.source.equals(envelope), 'the envelope that was sealed at acceptance')
      }
      for (const { source } of (await inbox(sender)).filter(({ source }) => source.includes('X-Ricevuta: avvenuta-consegna')))
        assert.ok(enclosedOriginal(source).equals(original))
    })
  }
}
