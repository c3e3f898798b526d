/** What the dispatches do with a queue of rows: nothing that waits for one destination holds up the others. */
import assert from 'node:assert/strict'
import { mock, test, type TestContext } from 'node:test'
import { temporaryError } from '../base/errors.ts'
import { createDispatches } from './dispatches.ts'
import { LEASE_MS } from './lease.ts'
import type { Loader } from './loader.ts'
import type { OutgoingMail, SendResult } from './mailer-types.ts'
import type { Deferral, DispatchRow, TransportQueries } from './queries.ts'
import { createTasks, EACH, HERE } from './tasks.ts'
import type { Submission } from './types.ts'

const NOW = 1_800_000_000_000
const SLOT = 7

interface Bench {
  /** answers what has become of a mail to a domain */
  readonly send?: (mail: OutgoingMail) => Promise<SendResult['outcome']>
  readonly destinationOf?: (domain: string) => Promise<string>
  readonly load?: () => Promise<Submission>
  readonly deliver?: (recipient: string) => void
}

/** Dispatches over rows in an array: one message for each recipient. */
function bench(recipients: readonly string[], { send, destinationOf, load, deliver }: Bench) {
  const due = recipients.map(
    (recipient, index) => ({ slot: SLOT, pec_msgid: `${index}@test`, recipient, attempts: 2 }) as DispatchRow,
  )
  const sent: string[] = []
  const returned: string[] = []
  const renewed: string[] = []
  const deferred: Deferral[] = []
  const queries: Partial<TransportQueries> = {
    claimDispatches: (_slot, _now, _lease, limit) => Promise.resolve(due.splice(0, limit)),
    sent: async (_slot, _id, to) => void sent.push(...to),
    deferDispatches: async (_slot, _id, deferrals) => void deferred.push(...deferrals),
    giveBackDispatches: async (_slot, _id, to, next) => {
      assert.ok(next.getTime() >= NOW + 10_000)
      returned.push(...to)
    },
    renewDispatches: async (_slot, _id, to, lease) => {
      assert.equal(lease.getTime(), NOW + LEASE_MS)
      renewed.push(...to)
    },
  }
  const content = { head: Buffer.from('x'), tail: Buffer.from('x'), parsed: Buffer.alloc(0), size: 2, slice: null }
  const submission = (pecMsgid: string, to: readonly string[] = []): Submission => ({
    sender: { slot: SLOT, id: 'mailbox' },
    data: {
      pecMsgid,
      sender: 'mario@pec.test',
      recipients: to.map((address) => ({ address, certified: true })),
      subject: '',
    } as unknown as Submission['data'],
    acceptedAt: {} as never,
    envelope: content,
    original: { header: Buffer.alloc(0), bodyLength: 0, eightBit: false },
    body: null,
    bodySlice: null,
    returnTo: { address: '' },
  })
  const loader: Partial<Loader> = {
    openSubmission: (_slot, pecMsgid) => {
      const facts = submission(pecMsgid)
      return Promise.resolve({ facts, bytes: 2, load: load ?? (() => Promise.resolve(facts)) })
    },
  }
  const tasks = createTasks(() => assert.fail(), 'test')
  const dispatches = createDispatches({
    queries: queries as TransportQueries,
    loader: loader as Loader,
    mailer: {
      async send(mail) {
        const outcome = (await send?.(mail)) ?? 'sent'
        return mail.to.map((recipient) => ({ recipient, outcome, status: '2.0.0', text: 'ok' }))
      },
      close: () => Promise.resolve(),
    },
    destinationOf: destinationOf ?? ((domain) => Promise.resolve(domain)),
    tasks,
    deliver({ recipient }) {
      deliver?.(recipient)
      return Promise.resolve(undefined)
    },
    bringBack: () => assert.fail(),
    giveUp: () => assert.fail(),
    provider: 'Gestore',
    report: () => undefined,
    checkpoint: () => undefined,
    now: () => NOW,
  })
  const workOffAll = async (): Promise<void> => {
    for (let more = true; more;) more = await dispatches.queue.workOff(SLOT)
  }
  return { dispatches, submission, sent, returned, renewed, deferred, tasks, workOffAll }
}

const many = (count: number, domain: string): string[] => Array.from({ length: count }, (_, index) => `r${index}@${domain}`)

test('a server that does not answer holds up its own mail only, and no more of it than its share is in memory', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const send = async ({ domain }: OutgoingMail) => {
    if (domain === 'pec.slow.test') await promise
    return 'sent' as const
  }
  const slow = many(EACH.pieces + 250, 'pec.slow.test')
  const quick = many(10, 'pec.quick.test')
  const { sent, returned, tasks, workOffAll } = bench([...slow, ...quick], { send })
  await workOffAll()
  await new Promise(setImmediate)
  assert.deepEqual(sent, quick)
  assert.deepEqual(returned, slow.slice(EACH.pieces))
  resolve()
  await tasks.settled()
  assert.equal(sent.length, quick.length + EACH.pieces)
})

test('the domains of one provider have one share', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const recipients = Array.from({ length: EACH.pieces + 30 }, (_, index) => `a@pec${index}.slow.test`)
  const { sent, returned, tasks, workOffAll } = bench([...recipients, 'a@pec.quick.test'], {
    destinationOf: (domain) => Promise.resolve(domain.endsWith('.slow.test') ? 'Gestore Lento' : domain),
    async send({ domain }) {
      if (domain.endsWith('.slow.test')) await promise
      return 'sent'
    },
  })
  await workOffAll()
  await new Promise(setImmediate)
  assert.deepEqual(sent, ['a@pec.quick.test'])
  assert.equal(returned.length, 30)
  resolve()
  await tasks.settled()
})

test('a fresh submission waits for no other server; where it is too much of it the rest is given back', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const delivered: string[] = []
  const { dispatches, submission, sent, returned, tasks } = bench([], {
    destinationOf: (domain) => Promise.resolve(domain === 'pec.here.test' ? HERE : domain),
    deliver: (recipient) => delivered.push(recipient),
    async send() {
      await promise
      return 'sent'
    },
  })
  for (let count = 0; count < EACH.pieces + 1; count++)
    await dispatches.attempt(submission(`${count}@test`, ['a@pec.slow.test', 'b@pec.here.test']))
  assert.equal(delivered.length, EACH.pieces + 1)
  assert.deepEqual([sent, returned], [[], ['a@pec.slow.test']])
  resolve()
  await tasks.settled()
  assert.equal(sent.length, EACH.pieces)
})

test('what cannot be read, or not be told where it goes, is noted on its row, and the rest goes on', async () => {
  const failing = (domain: string) =>
    domain === 'pec.broken.test' ? Promise.reject(temporaryError('directory-away', 'gone')) : Promise.resolve(domain)
  const first = bench(['a@pec.broken.test', 'a@pec.good.test'], { destinationOf: failing })
  await first.workOffAll()
  await first.tasks.settled()
  assert.deepEqual(first.sent, ['a@pec.good.test'])
  assert.deepEqual(
    first.deferred.map(({ recipient, error }) => [recipient, error]),
    [['a@pec.broken.test', 'directory-away']],
  )
  const second = bench(['a@pec.good.test'], { load: () => Promise.reject(temporaryError('blob-missing', 'gone')) })
  await second.workOffAll()
  await second.tasks.settled()
  assert.deepEqual(
    second.deferred.map(({ error }) => error),
    ['blob-missing'],
  )
})

test('as long as something is tried its lease is kept, here as with another server', async (t: TestContext) => {
  t.after(() => mock.timers.reset())
  mock.timers.enable({ apis: ['setInterval'] })
  for (const destination of [HERE, 'pec.other.test']) {
    const { promise, resolve } = Promise.withResolvers<Submission>()
    const { renewed, tasks, workOffAll } = bench(['a@pec.other.test'], {
      destinationOf: () => Promise.resolve(destination),
      load: () => promise,
    })
    await workOffAll()
    mock.timers.tick(LEASE_MS)
    assert.deepEqual(renewed, ['a@pec.other.test', 'a@pec.other.test'])
    resolve({ sender: {}, data: { recipients: [] }, envelope: {} } as unknown as Submission)
    await tasks.settled()
    mock.timers.tick(LEASE_MS)
    assert.equal(renewed.length, 2)
  }
})
