/**
 * The notices of delay (RFC 6109 3.1.6), hour by hour with a clock that the test moves: which of them come, when, what they say; and that they
 * come once whatever happens to the processes that issue them (I2, I4).
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Submission } from '../src/transport/types.ts'
import { readCertifiedData, type CertifiedData } from './support/certified-data.ts'
import { judge } from './support/judges.ts'
import type { Holder } from './support/points.ts'
import { recipientsOf, withSendingSide, type SendingWorker } from './support/sending-side.ts'
import { takeApart } from './support/take-apart.ts'
import { requireTools } from './support/tools.ts'

const side = await withSendingSide({ after })
const { clock, database, remote, other, serviceMailbox, answers } = side
answers.set('pec.remoto.test', 'sent').set('example.org', 'sent')
const [worker, second] = [side.sendingWorker(), side.sendingWorker()]

const HOUR = 3_600_000
const STEP = 0.25
/** Longer than any lease, in hours. */
const LEASE = 0.01
const REMOTE = 'ufficio@pec.remoto.test'
/** A provider whose server takes nothing. */
const CLOSED = 'ufficio@pec.altro.test'

let people = 0

interface Case {
  readonly sender: Holder
  readonly submission: Submission
}

async function accepted(...recipients: string[]): Promise<Case> {
  const sender = await side.holder(`mittente${++people}`)
  return { sender, submission: await side.accept(sender, recipients) }
}

type Event = (worker: SendingWorker, message: Case) => Promise<void>

const taken =
  (from = remote): Event =>
  async (worker, { submission }) =>
    worker.receive(
      from,
      await from.takeInCharge(submission.data, serviceMailbox.address, recipientsOf(submission)),
      serviceMailbox.address,
    )
const delivered =
  (recipient = REMOTE): Event =>
  async (worker, { submission, sender }) =>
    worker.receive(remote, await remote.delivery(submission.data, recipient), sender.address)
const undelivered =
  (recipient = REMOTE): Event =>
  async (worker, { submission, sender }) =>
    worker.receive(remote, await remote.nonDelivery(submission.data, recipient), sender.address)

const setHour = ({ submission }: Case, hour: number): void => {
  clock.ms = submission.acceptedAt.ms + hour * HOUR
}

/** Lets the hours pass, with a round of work every quarter of an hour, and does what is to happen at its hour. */
async function pass(
  message: Case,
  {
    from = 0,
    to,
    events = [],
    by = worker,
  }: { from?: number; to: number; events?: readonly [number, Event][]; by?: SendingWorker },
): Promise<void> {
  for (let hour = from; hour <= to; hour += STEP) {
    setHour(message, hour)
    for (const [, event] of events.filter(([at]) => at === hour)) await event(by, message)
    await by.round()
  }
}

interface Notice {
  readonly final: boolean
  readonly recipient: string | null
  /** hours after the acceptance */
  readonly hour: number
  readonly source: Buffer
  readonly data: CertifiedData
}

async function noticesOf({ sender, submission }: Case): Promise<Notice[]> {
  const messages = await side.inbox(sender)
  return messages.flatMap(({ source, internalDate }) => {
    const { data } = readCertifiedData(takeApart(source).daticert)
    if (data.tipo !== 'preavviso-errore-consegna') return []
    const final = data.erroreEsteso?.startsWith('5.4.1 ') === true
    return [{ final, recipient: data.consegna, hour: (internalDate - submission.acceptedAt.ms) / HOUR, source, data }]
  })
}

/** Which notices there are, in their order; each came in its time. */
async function kindsOf(message: Case, wanted = REMOTE): Promise<(12 | 24)[]> {
  const notices = (await noticesOf(message)).filter(({ recipient }) => recipient === wanted)
  for (const { final, hour } of notices) {
    if (final) assert.ok(hour >= 22 && hour < 24, `the final notice came after ${hour} hours`)
    else assert.ok(hour >= 12 && hour < 12 + 2 * STEP, `the first notice came after ${hour} hours`)
  }
  return notices.map(({ final }) => (final ? 24 : 12))
}

async function dispatchesOf({ submission }: Case) {
  const rows = await database.reader.read<{ recipient: string; outcome: string | null; closed_by: string | null }>(
    'select recipient, outcome, closed_by from dispatch where pec_msgid = $1',
    [submission.data.pecMsgid],
  )
  return new Map(rows.map((row) => [row.recipient, row]))
}

const outcomeOf = async (message: Case, recipient = REMOTE): Promise<string | null | undefined> =>
  (await dispatchesOf(message)).get(recipient)?.outcome

/** The kinds of receipts that are recorded for a recipient. */
async function recordedFor({ submission }: Case, recipient = REMOTE): Promise<string[]> {
  const rows = await database.reader.read<{ kind: string }>(
    'select kind from receipt where pec_msgid = $1 and recipient = $2 order by kind',
    [submission.data.pecMsgid, recipient],
  )
  return rows.map(({ kind }) => kind)
}

interface Scenario {
  readonly name: string
  readonly events?: readonly [number, Event][]
  readonly recipient?: string
  readonly notices: readonly (12 | 24)[]
  readonly outcome: string
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'taken in charge in time, never delivered', events: [[1, taken()]], notices: [24], outcome: 'expired' },
  { name: 'not taken in charge, delivered after 12 hours', events: [[15, delivered()]], notices: [12], outcome: 'delivered' },
  { name: 'neither', notices: [12, 24], outcome: 'expired' },
  { name: 'taken in charge after 12 hours', events: [[13, taken()]], notices: [12, 24], outcome: 'expired' },
  {
    name: 'taken in charge after 12 hours, and delivered',
    events: [
      [13, taken()],
      [22.5, delivered()],
    ],
    notices: [12],
    outcome: 'delivered',
  },
  { name: 'taken in charge at the last moment before 12 hours', events: [[11.75, taken()]], notices: [24], outcome: 'expired' },
  {
    name: 'taken in charge in time, delivered after 12 hours',
    events: [
      [1, taken()],
      [15, delivered()],
    ],
    notices: [],
    outcome: 'delivered',
  },
  { name: 'delivered before 12 hours, never taken in charge', events: [[11, delivered()]], notices: [], outcome: 'delivered' },
  { name: 'not delivered before 12 hours', events: [[2, undelivered()]], notices: [], outcome: 'failed' },
  { name: 'not delivered after 12 hours', events: [[14, undelivered()]], notices: [12], outcome: 'failed' },
  {
    name: 'taken in charge by who does not manage the recipient',
    events: [[1, taken(other)]],
    notices: [12, 24],
    outcome: 'expired',
  },
  { name: 'never handed over to the other provider', recipient: CLOSED, notices: [12, 24], outcome: 'expired' },
  { name: 'ordinary, never handed over', recipient: 'c.verdi@example.com', notices: [24], outcome: 'expired' },
  { name: 'ordinary, handed over', recipient: 'c.verdi@example.org', notices: [], outcome: 'relayed' },
]

for (const { name, events = [], recipient = REMOTE, notices, outcome } of SCENARIOS) {
  test(`${name}: ${notices.length === 0 ? 'no notice' : `the notices of ${notices.join(' and ')} hours`}`, async () => {
    const message = await accepted(recipient)
    await pass(message, { to: 30, events })
    assert.deepEqual(await kindsOf(message, recipient), notices)
    assert.equal(await outcomeOf(message, recipient), outcome)
  })
}

const LATE: Record<string, [number, Event][]> = {
  delivery: [[25, delivered()]],
  'non-delivery': [[25, undelivered()]],
  'delivery non-delivery': [
    [25, delivered()],
    [26, undelivered()],
  ],
}
for (const [kinds, events] of Object.entries(LATE)) {
  test(`after the final notice a ${kinds.replace(' ', ' and a ')} is put into the mailbox and recorded, and changes no outcome`, async () => {
    const message = await accepted(REMOTE)
    await pass(message, { to: 24.5 })
    const closed = await dispatchesOf(message)
    const before = (await side.inbox(message.sender)).length
    await pass(message, { from: 24.75, to: 30, events })
    assert.deepEqual(await kindsOf(message), [12, 24])
    assert.deepEqual(await dispatchesOf(message), closed)
    assert.equal(await outcomeOf(message), 'expired')
    assert.equal((await side.inbox(message.sender)).length, before + events.length)
    assert.deepEqual(await recordedFor(message), [...kinds.split(' '), 'timeout-12', 'timeout-24'])
  })
}

test('each of several recipients has the notices of his own fate', async () => {
  const local = await side.holder(`locale${people}`)
  const [late, silent] = ['tardi@pec.remoto.test', 'muto@pec.remoto.test']
  const message = await accepted(REMOTE, late, silent, CLOSED, local.address)
  const someTaken: Event = async (worker, { submission }) => {
    const receipt = await remote.takeInCharge(submission.data, serviceMailbox.address, [REMOTE])
    await worker.receive(remote, receipt, serviceMailbox.address)
  }
  const events: [number, Event][] = [
    [1, someTaken],
    [14, delivered(late)],
  ]
  await pass(message, { to: 30, events })
  const fates = await Promise.all(
    recipientsOf(message.submission).map(async (one) => [await kindsOf(message, one), await outcomeOf(message, one)]),
  )
  assert.deepEqual(fates, [
    [[24], 'expired'],
    [[12], 'delivered'],
    [[12, 24], 'expired'],
    [[12, 24], 'expired'],
    [[], 'delivered'],
  ])
})

test('a restart in between changes nothing', async () => {
  const message = await accepted(REMOTE)
  for (const [from, to] of [
    [0, 11.75],
    [12.25, 22.75],
    [23, 23.5],
    [23.75, 30],
  ] as const) {
    const restarted = side.sendingWorker()
    await pass(message, { from, to, by: restarted })
    await restarted.stop()
  }
  assert.deepEqual(await kindsOf(message), [12, 24])
  assert.equal(await outcomeOf(message), 'expired')
})

test('two processes that look at once issue one notice', async () => {
  const messages = await Promise.all([1, 2, 3].map(() => accepted(REMOTE, CLOSED)))
  const [first] = messages as [Case, ...Case[]]
  for (const hour of [LEASE, 12.1, 12.1 + LEASE, 23.1, 23.1 + LEASE]) {
    setHour(first, hour)
    await Promise.all([worker, second, worker, second].map((worker) => worker.round()))
  }
  for (const message of messages)
    for (const recipient of [REMOTE, CLOSED]) assert.deepEqual(await kindsOf(message, recipient), [12, 24])
})

test('the same notice, issued twice at once, is there once', async () => {
  const message = await accepted(REMOTE)
  const { submission } = message
  for (const hours of [12, 24] as const) {
    setHour(message, hours - 0.9)
    const statuses = await Promise.all(
      [worker, second, worker, second].map(({ notices }) => notices.timeout(submission, REMOTE, hours, null)),
    )
    assert.equal(statuses.filter((status) => status === 'received').length, 1)
  }
  assert.equal((await noticesOf(message)).length, 2)
})

test('who was down for two days issues the final notice alone', async () => {
  const message = await accepted(REMOTE, CLOSED)
  await pass(message, { to: 1 })
  setHour(message, 49)
  await worker.round()
  await worker.round()
  const notices = await noticesOf(message)
  assert.deepEqual(notices.map(({ final, hour, recipient }) => `${final} ${hour} ${recipient}`).sort(), [
    `true 49 ${CLOSED}`,
    `true 49 ${REMOTE}`,
  ])
  assert.deepEqual([await outcomeOf(message), await outcomeOf(message, CLOSED)], ['expired', 'expired'])
})

test('a process that dies with a watch in its hands loses no notice', async () => {
  const message = await accepted(REMOTE)
  const { slot } = message.submission.sender
  for (const hour of [12.1, 23.1]) {
    setHour(message, hour)
    const lease = new Date(clock.ms + 20_000)
    assert.equal((await worker.transport.claimWatches(slot, new Date(clock.ms), lease, 10)).length, 1)
    await worker.round()
    assert.equal((await kindsOf(message)).length, hour < 13 ? 0 : 1)
    setHour(message, hour + LEASE)
    await worker.round()
  }
  assert.deepEqual(await kindsOf(message), [12, 24])
})

test('a take-in-charge that comes while the first notice is being issued keeps it back', async () => {
  const message = await accepted(REMOTE)
  setHour(message, 12.1)
  await taken()(worker, message)
  assert.equal(await worker.notices.timeout(message.submission, REMOTE, 12, null), 'closed')
  setHour(message, 23.1)
  await delivered()(worker, message)
  assert.equal(await worker.notices.timeout(message.submission, REMOTE, 24, null), 'closed')
  assert.deepEqual(await noticesOf(message), [])
  assert.equal(await outcomeOf(message), 'delivered')
})

test('the notices are what 3.1.6 says: header, certification data, text', async (t) => {
  if (!requireTools(t, 'openssl', 'python3', 'xmllint')) return
  const message = await accepted(REMOTE)
  await pass(message, { to: 24 })
  const { pecMsgid, msgid, sender } = message.submission.data
  const notices = await noticesOf(message)
  assert.deepEqual(
    notices.map(({ final }) => final),
    [false, true],
  )
  for (const { source, data, final } of notices) {
    const { daticert } = await judge(t, side.shared.ca, source)
    const { fields, plain, original } = takeApart(source)
    assert.deepEqual(
      [fields['x-ricevuta'], fields['from'], fields['to'], fields['subject'], fields['x-riferimento-message-id']],
      [
        'preavviso-errore-consegna',
        side.shared.issuer.address,
        sender,
        'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: Prova',
        msgid,
      ],
    )
    assert.equal(fields['reply-to'], undefined)
    assert.equal(original, null, 'the original is never in it')
    assert.deepEqual(
      [data.tipo, data.errore, data.mittente, data.identificativo, data.consegna, data.gestore],
      ['preavviso-errore-consegna', 'altro', sender, pecMsgid, REMOTE, side.shared.issuer.provider],
    )
    assert.match(data.erroreEsteso ?? '', final ? /^5\.4\.1 - / : /^4\.4\.1 - /)
    assert.match(daticert, /<data zona="\+0[12]00">/)
    assert.ok(plain.includes(`Identificativo messaggio: ${pecMsgid}`))
    assert.ok(plain.includes(final ? 'nelle prime ventiquattro ore' : 'nelle prime dodici ore'))
    assert.ok(plain.includes(`"${REMOTE}"`))
    const written = new Date(fields['date'] ?? '').getTime()
    assert.equal(written, message.submission.acceptedAt.ms + (final ? 23 : 12) * HOUR)
  }
})
