/** Webhooks from the logs to a real HTTPS receiver: who is told of what, signed, in order, again after a failure, and once more when asked. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, test, type TestContext } from 'node:test'
import { openTestDesk, withMailbox } from '../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { cursorQueries } from './cursor-queries.ts'
import { deliveryQueries } from './delivery-queries.ts'
import { SUBSCRIBABLE } from './event-kinds.ts'
import { startReceiver } from './test-receiver.ts'
import { ANNA, openTestWebhooks } from './test-webhooks.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)

const HOUR = 3_600_000
const LONG = 40 * 24 * HOUR
const MARIO = { bound: 'mailbox', name: 'mario@pec.it' } as const
const PROVIDER = { bound: 'provider', name: '' } as const

/** Nothing of the tests before: their subscriptions are removed, and so much time has passed that what they wrote is older. */
let day = Date.parse('2026-03-15T09:00:00Z')
async function open(t: TestContext) {
  day += LONG
  const hooks = openTestWebhooks(database, { now: day })
  for (const { id } of await hooks.webhooks.list()) await hooks.webhooks.remove(id, ANNA)
  await hooks.work.round()
  const last = lastFirst(t)
  return { ...hooks, receive: (decide?: Parameters<typeof startReceiver>[1]) => startReceiver(last, decide) }
}

/** The signature as the specification computes it, written anew. */
function expectedSignature(secret: string, headers: Record<string, unknown>, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

test('an event is signed; a new secret and the one before it sign together for a day', async (t) => {
  const { webhooks, work, clock, write, receive } = await open(t)
  const receiver = await receive()
  const { id, secret } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  await write('accepted', 'uno@pec.it')
  await work.round()
  const [first] = receiver.received
  assert.ok(first)
  assert.equal(first.headers['webhook-signature'], expectedSignature(secret, first.headers, first.body))
  assert.equal(first.headers['webhook-timestamp'], String(clock.now / 1000))
  assert.equal(first.headers['content-type'], 'application/json')
  const other = await webhooks.changeSecret(id, ANNA)
  await webhooks.test(id)
  await work.round()
  const [, second] = receiver.received
  assert.ok(second)
  assert.equal(second.event.type, 'webhook.test')
  const both = [other.secret, secret].map((one) => expectedSignature(one, second.headers, second.body))
  assert.equal(second.headers['webhook-signature'], both.join(' '))
  clock.now += 25 * HOUR
  await webhooks.test(id)
  await work.round()
  const third = receiver.received[2]
  assert.equal(third?.headers['webhook-signature'], expectedSignature(other.secret, third?.headers ?? {}, third?.body ?? ''))
})

test('who wrote to whom, and the subject, go to the mailbox alone; the content goes to nobody', async (t) => {
  const { webhooks, work, write, receive } = await open(t)
  const [own, provider] = [await receive(), await receive()]
  await webhooks.add({ ...MARIO, url: own.url, kinds: ['message.arrived'] }, ANNA)
  await webhooks.add({ ...PROVIDER, url: provider.url, kinds: ['message.arrived'] }, ANNA)
  await write('delivered', 'due@altro.it')
  await work.round()
  const data = { mailbox: 'mario@pec.it', pecMsgid: 'due@altro.it' }
  assert.deepEqual(
    own.received.map(({ event }) => event.data),
    [{ ...data, sender: 'lucia@altro.it', subject: 'Offerta riservata', msgid: '<m@x>' }],
  )
  assert.deepEqual(
    provider.received.map(({ event }) => event.data),
    [data],
  )
})

test('the sender hears of each outcome once, by the receipt that stands in his mailbox', async (t) => {
  const { webhooks, work, write, receipt, receive } = await open(t)
  const receiver = await receive()
  await webhooks.add({ ...MARIO, url: receiver.url, kinds: SUBSCRIBABLE }, ANNA)
  await write('accepted', 'tre@pec.it')
  await write('relayed', 'tre@pec.it')
  await receipt('tre@pec.it', 'timeout-12', 'own', 'n12')
  await write('timeout-notice', 'tre@pec.it', { related: 'n12' })
  // Of a recipient here it stands in his slot first, which may be the sender's: it is the notice that counts.
  await receipt('tre@pec.it', 'non-delivery', 'local', 'n')
  await write('delivery-failed', 'tre@pec.it', { related: 'n' })
  await write('receipt-received', 'tre@pec.it', { related: 'n' })
  // A notice to the service mailbox is no outcome.
  await write('receipt-received', 'tre@pec.it', { related: 'unknown' })
  await write('refused', 'quattro@pec.it')
  await write('arrived', 'cinque@altro.it')
  await work.round()
  const kinds = ['message.accepted', 'message.relayed', 'message.delayed', 'message.failed', 'message.refused']
  assert.deepEqual(receiver.types(), kinds)
})

test('what happened before there was a subscription is not told, and nothing is read for nobody', async (t) => {
  const { webhooks, work, clock, write, receive } = await open(t)
  await write('accepted', 'vecchio@pec.it')
  await work.round()
  assert.deepEqual(await cursorQueries(database).parts('ledger', true), [])
  clock.now += HOUR
  const receiver = await receive()
  await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  await write('accepted', 'nuovo@pec.it')
  await work.round()
  assert.deepEqual(
    receiver.received.map(({ event }) => event.data['pecMsgid']),
    ['nuovo@pec.it'],
  )
})

test('an order hears of its own members’ mailboxes, requests and mail, and of nobody else’s', async (t) => {
  const desk = await openTestDesk(database)
  desk.clock.now = day + LONG
  const { webhooks, work, clock, write, receive } = await open(t)
  const terms = { centsPerYear: 0, validFrom: desk.today() }
  const [ours, others] = [await desk.newOrder(terms), await desk.newOrder(terms)]
  const receiver = await receive()
  await webhooks.add({ bound: 'order', name: ours.order, url: receiver.url, kinds: SUBSCRIBABLE }, ANNA)
  const mine = await withMailbox(desk, ours.code, ours.members[0]!)
  const theirs = await withMailbox(desk, others.code, others.members[0]!)
  for (const { address } of [mine, theirs]) await write('delivered', `a-${address}`, { mailbox: address })
  await write('accepted', 'sei@pec.it')
  await desk.contracts.stop(mine.id, 'withdraw', null, ANNA_OF_DESK)
  await desk.contracts.stop(theirs.id, 'withdraw', null, ANNA_OF_DESK)
  await work.round()
  assert.deepEqual(
    receiver.types().toSorted(),
    [
      'request.changed',
      'request.changed',
      'request.changed',
      'request.changed',
      'mailbox.activated',
      'mailbox.suspended',
      'message.arrived',
    ].toSorted(),
  )
  assert.ok(receiver.received.every(({ body }) => !body.includes(theirs.address) && !body.includes(others.order)))
  const arrived = receiver.received.find(({ event }) => event.type === 'message.arrived')
  assert.deepEqual(arrived?.event.data, { mailbox: mine.address, pecMsgid: `a-${mine.address}` })
  const suspended = receiver.received.find(({ event }) => event.type === 'mailbox.suspended')
  assert.deepEqual(suspended?.event.data, {
    mailbox: mine.address,
    order: ours.order,
    contract: mine.id,
    state: 'withdrawn',
    cause: 'withdraw',
  })
  assert.equal(clock.now, day)
})
const ANNA_OF_DESK = { actor: 'operator:anna', role: 'desk' } as const

test('a receiver that fails is tried again later, with one event at a time, and then gets all in order', async (t) => {
  const { webhooks, work, clock, write, receive } = await open(t)
  const receiver = await receive(() => 503)
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  for (const name of ['a', 'b', 'c']) await write('accepted', `${name}@pec.it`)
  await work.round()
  assert.equal(receiver.received.length, 1)
  await write('accepted', 'd@pec.it')
  await work.round()
  assert.equal(receiver.received.length, 1, 'not before its time, whatever else happens')
  clock.now += 10_000
  await work.round()
  assert.equal(receiver.received.length, 2)
  assert.equal(receiver.ids()[0], receiver.ids()[1])
  const [listed] = (await webhooks.deliveries(id, { state: 'waiting', before: null, limit: 10 })).reverse()
  assert.deepEqual([listed?.attempts, listed?.answer], [2, '503'])
  receiver.rule.decide = () => 200
  clock.now += HOUR
  await work.round()
  const told = receiver.received.slice(2).map(({ event }) => event.data['pecMsgid'])
  assert.deepEqual(told, ['a@pec.it', 'b@pec.it', 'c@pec.it', 'd@pec.it'])
  assert.equal(await webhooks.waiting(id), 0)
})

test('an event that a working receiver refuses holds up only what is about the same mailbox, and is given up after three days', async (t) => {
  const { webhooks, work, clock, write, receive } = await open(t)
  const receiver = await receive(({ event }) => (event.data['pecMsgid'] === 'bad@pec.it' ? 422 : 200))
  const { id } = await webhooks.add({ ...PROVIDER, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  const taken = (): unknown[] =>
    receiver.received.map(({ event }) => event.data['pecMsgid']).filter((one) => one !== 'bad@pec.it')
  await write('accepted', 'x@pec.it', { mailbox: 'lucia@pec.it' })
  await work.round()
  for (const name of ['bad', 'after']) await write('accepted', `${name}@pec.it`)
  await write('accepted', 'y@pec.it', { mailbox: 'lucia@pec.it' })
  await work.round()
  clock.now += HOUR
  await work.round()
  assert.deepEqual(taken(), ['x@pec.it', 'y@pec.it'])
  for (let days = 0; days < 4; days++) {
    clock.now += 24 * HOUR
    await write('accepted', `z${days}@pec.it`, { mailbox: 'lucia@pec.it' })
    await work.round()
    await work.round()
  }
  const [beside, behind] = [taken().filter((one) => one !== 'after@pec.it'), taken().indexOf('after@pec.it')]
  assert.deepEqual(beside, ['x@pec.it', 'y@pec.it', 'z0@pec.it', 'z1@pec.it', 'z2@pec.it', 'z3@pec.it'])
  assert.ok(behind >= beside.indexOf('z2@pec.it'), 'what stands behind it waits for it')
  const failed = await webhooks.deliveries(id, { state: 'failed', before: null, limit: 10 })
  assert.deepEqual(
    failed.map(({ answer }) => answer),
    ['422'],
  )
})

test('after three days without an answer it is paused, others of its owner are told, and nothing is lost', async (t) => {
  const { webhooks, work, clock, write, receive, reported } = await open(t)
  const receiver = await receive(() => 500)
  const watcher = await receive()
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  await webhooks.add({ ...MARIO, url: watcher.url, kinds: ['webhook.paused'] }, ANNA)
  await write('accepted', 'a@pec.it')
  await work.round()
  clock.now += 73 * HOUR
  await work.round()
  assert.equal((await webhooks.get(id)).pausedBecause, 'failing')
  assert.deepEqual(reported, [{ name: 'webhook-paused', data: { webhook: id, because: 'failing' } }])
  await write('accepted', 'b@pec.it')
  receiver.rule.decide = () => 200
  clock.now += HOUR
  await work.round()
  await work.round()
  assert.equal(receiver.received.length, 2)
  assert.deepEqual(
    watcher.received.map(({ event }) => event.data),
    [{ webhook: id, cause: 'failing' }],
  )
  await webhooks.resume(id, ANNA)
  await work.round()
  assert.deepEqual(
    receiver.received.slice(2).map(({ event }) => event.data['pecMsgid']),
    ['a@pec.it', 'b@pec.it'],
  )
})

test('a receiver that says that it is gone is paused at once', async (t) => {
  const { webhooks, work, receive } = await open(t)
  const receiver = await receive(() => 410)
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  await webhooks.test(id)
  await work.round()
  assert.equal((await webhooks.get(id)).pausedBecause, 'gone')
})

test('who dies between claim and answer leaves the event to another, who sends it when the lease is over', async (t) => {
  const { webhooks, work, openWork, clock, receive } = await open(t)
  const receiver = await receive()
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  const event = await webhooks.test(id)
  const begun = Promise.withResolvers<void>()
  const never = new Promise<never>(() => undefined)
  const dead = openWork({ openLine: () => ({ post: () => (begun.resolve(), never), close: () => undefined }) })
  void dead.round()
  await begun.promise
  const second = await webhooks.test(id)
  await work.round()
  assert.deepEqual(receiver.ids(), [], 'it has the turn still')
  clock.now += 61_000
  await work.round()
  assert.deepEqual(receiver.ids(), [event, second])
  assert.equal(await webhooks.waiting(id), 0)
})

test('a receiver that never answers, and one that redirects, take nothing; another one is told meanwhile', async (t) => {
  const { webhooks, work, write, receive } = await open(t)
  const told = Promise.withResolvers<void>()
  const good = await receive(() => (told.resolve(), 200))
  const silent = await receive(() => 0)
  const redirecting = await receive((_, answer) => (answer.setHeader('location', good.url), 307))
  const [first, second] = [
    await webhooks.add({ ...MARIO, url: silent.url, kinds: ['message.accepted'] }, ANNA),
    await webhooks.add({ ...MARIO, url: redirecting.url, kinds: ['message.accepted'] }, ANNA),
  ]
  await webhooks.add({ ...MARIO, url: good.url, kinds: ['message.accepted'] }, ANNA)
  await write('accepted', 'a@pec.it')
  const round = work.round()
  await told.promise
  const answerOf = async (id: string) => (await webhooks.deliveries(id, { state: null, before: null, limit: 1 }))[0]?.answer
  assert.equal(await answerOf(first.id), null, 'still waiting for its answer')
  await round
  assert.equal(await answerOf(first.id), 'no answer in time')
  assert.equal(await answerOf(second.id), '307')
  assert.equal(good.received.length, 1)
})

test('what was sent is sent once more, from an event or a time on, with the same identifiers', async (t) => {
  const { webhooks, work, clock, write, receive } = await open(t)
  const receiver = await receive()
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  for (const name of ['a', 'b', 'c']) {
    await write('accepted', `${name}@pec.it`)
    await work.round()
    clock.now += HOUR
  }
  const ids = receiver.ids()
  assert.equal(await webhooks.replay(id, { event: ids[1] ?? '' }, ANNA), 2)
  await work.round()
  assert.deepEqual(receiver.ids().slice(3), ids.slice(1))
  assert.equal(await webhooks.replay(id, { since: new Date(clock.now - 1.5 * HOUR) }, ANNA), 1)
  await work.round()
  assert.deepEqual(receiver.ids().slice(5), ids.slice(2))
  await assert.rejects(webhooks.replay(id, { event: 'ledger-1-99' }, ANNA), { code: 'no-such-event' })
  clock.now += 31 * 24 * HOUR
  await work.tidy()
  assert.deepEqual(await webhooks.deliveries(id, { state: null, before: null, limit: 10 }), [])
})

test('two processes write and two others tell: nothing is lost, told twice or out of order', async (t) => {
  const { webhooks, work, openWork, write, receive } = await open(t)
  const receiver = await receive()
  await webhooks.add({ ...PROVIDER, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  const works = [work, openWork()]
  const boxes = ['mario@pec.it', 'lucia@pec.it', 'carla@pec.it']
  const writing = boxes.map(async (mailbox) => {
    for (let n = 0; n < 30; n++) await write('accepted', `${n}-${mailbox}`, { mailbox })
  })
  for (let rounds = 0; rounds < 5; rounds++) await Promise.all(works.map((one) => one.round()))
  await Promise.all(writing)
  for (const one of works) await one.round()
  await work.round()
  assert.equal(receiver.received.length, 90)
  for (const mailbox of boxes) {
    const told = receiver.received.map(({ event }) => String(event.data['pecMsgid'])).filter((one) => one.endsWith(`-${mailbox}`))
    assert.deepEqual(
      told,
      Array.from({ length: 30 }, (_, n) => `${n}-${mailbox}`),
    )
  }
})

test('entries that were read before a crash, and are read again, are told once', async (t) => {
  const { webhooks, work, openWork, write, receive } = await open(t)
  const receiver = await receive()
  const { id } = await webhooks.add({ ...MARIO, url: receiver.url, kinds: ['message.accepted'] }, ANNA)
  await work.round()
  await write('accepted', 'a@pec.it')
  // As if the cursor had not been moved: its row is put back.
  const before = await database.reader.read<{ slot: number; next: number[] }>(
    `select slot, next from webhook_cursor where log = 'ledger'`,
  )
  await work.round()
  for (const { slot, next } of before)
    await database.transactor.call(slot, `update webhook_cursor set next = $2 where slot = $1 and log = 'ledger'`, [slot, next])
  await openWork().round()
  assert.equal(receiver.received.length, 1)
  assert.equal((await deliveryQueries(database).list(id, { state: null, before: null, limit: 10 })).length, 1)
})

test('a webhook goes to https, to kinds that there are; its secret and its path are not in the audit log', async (t) => {
  const { webhooks } = await open(t)
  const kinds = ['message.accepted']
  for (const url of [
    'http://example.it/',
    'https://user:pass@example.it/',
    'ftp://x',
    'nothing',
    `https://example.it/${'x'.repeat(2000)}`,
  ])
    await assert.rejects(webhooks.add({ ...MARIO, url, kinds }, ANNA), { code: 'bad-webhook-url' })
  for (const wrong of [[], ['message.read'], [...kinds, 'webhook.test']])
    await assert.rejects(webhooks.add({ ...MARIO, url: 'https://example.it/', kinds: wrong }, ANNA), {
      code: 'bad-webhook-kinds',
    })
  const { secret, id } = await webhooks.add({ ...MARIO, url: 'https://example.it/my-secret-path', kinds }, ANNA)
  const [row] = await database.reader.read<{ all: string }>(
    `select string_agg(e::text, '') || (select string_agg(s::text, '') from (select id, secret from webhook_subscription) s) as all from audit_entry e`,
  )
  assert.ok(row)
  assert.ok(row.all.includes(id))
  assert.ok(!row.all.includes('my-secret-path') && !row.all.includes(secret))
  assert.ok(!row.all.includes(Buffer.from(secret.slice(6), 'base64').toString('hex')))
})
