/** Payment by card: what Stripe is asked (by a stand-in, for Stripe itself cannot be reached), and what its signed notifications bring about. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { Stripe } from 'stripe'
import { withTestDatabase } from '../../storage/test-database.ts'
import { createCardPayments } from './card-payments.ts'
import { createStripe } from './stripe.ts'
import { openTestDesk, referenceOf, withDocument } from './test-desk.ts'

const SECRET = 'whsec_of_this_test'
const RETURN = 'https://pec.example.it/request'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)

/** Answers like the sessions of Stripe's Checkout: one page for one idempotency key. */
const asked: { key: string; form: URLSearchParams }[] = []
const outage = { on: false }
const server = createServer((request, answer) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const key = String(request.headers['idempotency-key'])
    asked.push({ key, form: new URLSearchParams(Buffer.concat(chunks).toString()) })
    answer.writeHead(outage.on ? 500 : 200, {
      'content-type': 'application/json',
      ...(outage.on && { 'stripe-should-retry': 'false' }),
    })
    answer.end(
      JSON.stringify(
        outage.on
          ? { error: { type: 'api_error', message: 'out' } }
          : { object: 'checkout.session', url: `https://pay.test/${encodeURIComponent(key)}` },
      ),
    )
  })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const { port } = server.address() as AddressInfo

const processor = createStripe({
  apiKey: 'sk_test_none',
  webhookSecret: SECRET,
  server: { protocol: 'http', host: '127.0.0.1', port },
  now: () => desk.clock.now,
})
const cards = createCardPayments(desk.payments, processor)

const stripe = new Stripe('sk_test_none')
function notification(
  object: object,
  { type = 'checkout.session.completed', secret = SECRET, timestamp = Date.now() / 1000 } = {},
) {
  const payload = JSON.stringify({ id: 'evt_1', object: 'event', type, data: { object } })
  const signature = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(timestamp) })
  return [Buffer.from(payload), signature] as const
}

async function awaited(index = 0) {
  const { code, members } = await desk.newOrder()
  const member = members[index]
  assert.ok(member)
  const request = await withDocument(desk, code, member)
  assert.equal(request.state, 'payment-pending')
  return { request, reference: await referenceOf(desk, request) }
}

const paid = (reference: string, intent: string, more: object = {}) => ({
  object: 'checkout.session',
  id: `cs_${intent}`,
  client_reference_id: reference,
  payment_status: 'paid',
  payment_intent: intent,
  amount_total: 1000,
  currency: 'eur',
  ...more,
})

test('the page is asked for with reference, price and way back; twice within the hour it is the same one', async () => {
  const { reference } = await awaited()
  asked.length = 0
  const page = await cards.open(reference, RETURN)
  assert.match(page, /^https:\/\/pay\.test\//)
  assert.equal(await cards.open(reference, RETURN), page)
  const [first, second] = asked
  assert.deepEqual(first, second, 'the same words with the same key')
  assert.deepEqual(
    [
      'client_reference_id',
      'mode',
      'success_url',
      'line_items[0][price_data][unit_amount]',
      'line_items[0][price_data][currency]',
    ].map((name) => first?.form.get(name)),
    [reference, 'payment', RETURN, '1000', 'eur'],
  )
  desk.clock.now += 3_600_000
  assert.notEqual(await cards.open(reference, RETURN), page)
})

test('a signed notification registers the money once, however often it is told', async () => {
  const { request, reference } = await awaited(1)
  const told = notification(paid(reference, 'pi_1'))
  assert.deepEqual(await cards.notified(...told), { id: 'stripe:pi_1', reference, outcome: 'registered', repeated: false })
  assert.deepEqual(await cards.notified(...told), { id: 'stripe:pi_1', reference, outcome: 'registered', repeated: true })
  assert.equal((await desk.requests.get(request.id)).state, 'review-pending')
  await assert.rejects(cards.open(reference, RETURN), { code: 'paid-already' })
  assert.equal((await cards.notified(...notification(paid(reference, 'pi_2'))))?.outcome, 'paid-already')
})

test('what is not signed by the processor, or long ago, changes nothing', async () => {
  const { request, reference } = await awaited(2)
  const good = notification(paid(reference, 'pi_3'))
  for (const [body, signature] of [
    notification(paid(reference, 'pi_3'), { secret: 'whsec_of_another' }),
    notification(paid(reference, 'pi_3'), { timestamp: Date.now() / 1000 - 3600 }),
    [Buffer.from(good[0].toString().replace('1000', '1001')), good[1]] as const,
    [good[0], ''] as const,
  ])
    await assert.rejects(cards.notified(body, signature), { code: 'bad-signature' })
  assert.equal((await desk.requests.get(request.id)).state, 'payment-pending')
})

test('another amount, another currency, and what is not paid yet leave it awaited', async () => {
  const { request, reference } = await awaited(3)
  assert.equal((await cards.notified(...notification(paid(reference, 'pi_4', { amount_total: 999 }))))?.outcome, 'wrong-amount')
  assert.equal((await cards.notified(...notification(paid(reference, 'pi_5', { currency: 'usd' }))))?.outcome, 'wrong-amount')
  assert.equal(await cards.notified(...notification(paid(reference, 'pi_6', { payment_status: 'unpaid' }))), null)
  assert.equal(await cards.notified(...notification(paid(reference, 'pi_6'), { type: 'checkout.session.expired' })), null)
  assert.equal((await desk.requests.get(request.id)).state, 'payment-pending')
  const later = notification(paid(reference, 'pi_6'), { type: 'checkout.session.async_payment_succeeded' })
  assert.equal((await cards.notified(...later))?.outcome, 'registered')
})

test('a processor that fails, and a provider without one, say how else to pay', async () => {
  const { reference } = await awaited(4)
  outage.on = true
  await assert.rejects(cards.open(reference, RETURN), { code: 'card-unavailable', fault: 'temporary', message: /bank transfer/ })
  outage.on = false
  const none = createCardPayments(desk.payments, undefined)
  await assert.rejects(none.open(reference, RETURN), { code: 'no-card-payments', message: /bank transfer/ })
  await assert.rejects(none.notified(Buffer.from('{}'), ''), { code: 'no-card-payments' })
  await assert.rejects(cards.open('PEC000000000000', RETURN), { code: 'no-such-payment' })
})
