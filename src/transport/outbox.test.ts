/** What becomes of a row of the outbox, by what the other side says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Events } from '../base/events.ts'
import type { Loader } from './loader.ts'
import type { OutgoingMail, SendResult } from './mailer-types.ts'
import { createOutbox } from './outbox.ts'
import type { OutboxClaim, TransportQueries } from './queries.ts'
import { FORWARD_GIVEN_UP_AFTER, STUCK_AFTER } from './retry-schedule.ts'
import { createTasks, EACH } from './tasks.ts'
import type { OutboxKind, OutgoingReceipt, ReturnStatus } from './types.ts'

const NOW = 1_800_000_000_000
const MAILBOX = { mailbox: { slot: 1, id: 'mailbox' } }

const receiptOf = (rest: Partial<OutgoingReceipt> = {}): OutgoingReceipt => ({
  slot: 7,
  pecMsgid: 'a@test',
  recipient: 'mario@pec.test',
  kind: 'delivery',
  messageId: 'r@test',
  content: { head: Buffer.from('head'), tail: Buffer.from('tail'), parsed: Buffer.alloc(0), size: 8, slice: null },
  target: { address: 'ufficio@pec.other.test' },
  reversePath: null,
  sliceBytes: null,
  attempts: 1,
  msgid: null,
  sender: 'ufficio@pec.other.test',
  subject: '',
  ...rest,
})

interface Given {
  readonly send?: (mail: OutgoingMail) => Promise<SendResult['outcome']>
  readonly receive?: ReturnStatus
  readonly claims?: OutboxClaim[]
}

function bench({ send, receive = 'received', claims = [] }: Given) {
  const log: string[] = []
  const note = (what: string) => (one: { recipient: string }, _next?: unknown, error?: string) =>
    Promise.resolve(void log.push([what, one.recipient, ...(error === undefined ? [] : [error])].join(' ')))
  const queries: Partial<TransportQueries> = {
    async receiptsArrived(_slot, all) {
      for (const one of all) await note('arrived')(one)
    },
    deferOutbox: note('deferred'),
    giveBackOutbox: note('given back'),
    claimOutbox: (_slot, _now, _lease, limit) => Promise.resolve(claims.splice(0, limit)),
  }
  const loader: Partial<Loader> = { loadReceipt: ({ recipient }) => Promise.resolve(receiptOf({ recipient })) }
  const report = (name: keyof Events): void => void log.push(name)
  const tasks = createTasks(report, 'test')
  const outbox = createOutbox({
    queries: queries as TransportQueries,
    loader: loader as Loader,
    mailer: {
      async send(mail) {
        log.push(`from <${mail.from}>`)
        const outcome = (await send?.(mail)) ?? 'sent'
        return mail.to.map((recipient) => ({
          recipient,
          outcome,
          status: outcome === 'failed' ? '5.1.1' : '4.2.1',
          text: 'said',
        }))
      },
      close: () => Promise.resolve(),
    },
    destinationOf: (domain) => Promise.resolve(domain),
    tasks,
    receive: () => Promise.resolve(receive),
    keepForward: note('kept'),
    address: 'posta-certificata@pec.test',
    report,
    now: () => NOW,
  })
  return { outbox, log, tasks }
}

async function outcomeOf(receipt: OutgoingReceipt, given: Given): Promise<string[]> {
  const { outbox, log, tasks } = bench(given)
  await outbox.bringBack(receipt)
  await tasks.settled()
  await outbox.flush()
  return log
}

const says = (outcome: SendResult['outcome']): Given => ({ send: () => Promise.resolve(outcome) })
const forward = (attempts: number): OutgoingReceipt => receiptOf({ kind: 'forward', reversePath: '', attempts })

test('what another server has taken is gone; what it does not take, for now or for good, is kept', async () => {
  const from = 'from <posta-certificata@pec.test>'
  assert.deepEqual(await outcomeOf(receiptOf(), says('sent')), [from, 'arrived mario@pec.test'])
  for (const [outcome, error] of [
    ['deferred', '4.2.1 said'],
    ['failed', '5.1.1 said'],
  ] as const)
    for (const attempts of [1, FORWARD_GIVEN_UP_AFTER, 1000])
      assert.deepEqual(await outcomeOf(receiptOf({ attempts }), says(outcome)), [from, `deferred mario@pec.test ${error}`])
  assert.deepEqual(await outcomeOf(receiptOf({ attempts: STUCK_AFTER }), says('deferred')), [
    from,
    'deferred mario@pec.test 4.2.1 said',
    'receipt-stuck',
  ])
})

test('a forward that is refused for good, or for a day, goes to its recipient', async () => {
  assert.deepEqual(await outcomeOf(forward(1), says('sent')), ['from <>', 'arrived mario@pec.test'])
  assert.deepEqual(await outcomeOf(forward(1), says('deferred')), ['from <>', 'deferred mario@pec.test 4.2.1 said'])
  assert.deepEqual(await outcomeOf(forward(1), says('failed')), ['from <>', 'kept mario@pec.test'])
  assert.deepEqual(await outcomeOf(forward(FORWARD_GIVEN_UP_AFTER), says('deferred')), ['from <>', 'kept mario@pec.test'])
})

test('what is for a mailbox here goes there, once; what cannot is kept, and somebody hears of it', async () => {
  const arrives = async (receipt: OutgoingReceipt, receive: ReturnStatus): Promise<string[]> => {
    const { outbox, log } = bench({ receive })
    await outbox.bringBack(receipt)
    await outbox.flush()
    return log
  }
  for (const status of ['received', 'repeated'] as const)
    assert.deepEqual(await arrives(receiptOf({ target: MAILBOX }), status), ['arrived mario@pec.test'])
  assert.deepEqual(await arrives(receiptOf({ target: MAILBOX }), 'other'), [
    'dispatch-attempt-failed',
    'deferred mario@pec.test second-verdict',
  ])
  const kind: OutboxKind = 'take-in-charge'
  assert.deepEqual(await arrives(receiptOf({ target: MAILBOX, kind }), 'received'), [
    'dispatch-attempt-failed',
    'deferred mario@pec.test outbox-kind',
  ])
})

test('rows for a server that does not answer wait as rows, and others go past them', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const claim = (index: number, domain: string): OutboxClaim => ({
    slot: 7,
    pec_msgid: 'a@test',
    recipient: `${domain}${index}`,
    kind: 'delivery',
    message_id: `${index}@test`,
    target_address: `ufficio@${domain}`,
    size: 8,
    attempts: 2,
  })
  const claims = [
    ...Array.from({ length: EACH.pieces + 3 }, (_, index) => claim(index, 'pec.slow.test')),
    claim(0, 'pec.quick.test'),
  ]
  const { outbox, log, tasks } = bench({
    claims,
    async send() {
      await promise
      return 'sent'
    },
  })
  for (let more = true; more;) more = await outbox.queue.workOff(7)
  await new Promise(setImmediate)
  assert.equal(log.filter((line) => line.startsWith('from')).length, EACH.pieces + 1)
  assert.deepEqual(
    log.filter((line) => line.startsWith('given back')),
    [0, 1, 2].map((index) => `given back pec.slow.test${EACH.pieces + index}`),
  )
  resolve()
  await tasks.settled()
  await outbox.flush()
  assert.ok(log.includes('arrived pec.quick.test0'))
})
