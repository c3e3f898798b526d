/** Payment by card over HTTP: the page's address for who knows the reference, and what is told with a signature. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Stripe } from 'stripe'
import { temporaryError } from '../../../base/errors.ts'
import { createCardPayments, type Checkout } from '../../../registry/agreement/card-payments.ts'
import { createStripe } from '../../../registry/agreement/stripe.ts'
import { openTestDesk, referenceOf, withDocument } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { openTestApi, type Answered } from './test-api.ts'

const SECRET = 'whsec_of_this_test'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const asked: Checkout[] = []
const outage = { on: false }
const processor = {
  ...createStripe({ apiKey: 'sk_test_none', webhookSecret: SECRET, now: () => desk.clock.now }),
  async open(checkout: Checkout): Promise<string> {
    if (outage.on) throw temporaryError('card-unavailable', 'out')
    asked.push(checkout)
    return `https://pay.test/${checkout.reference}`
  },
}
const { app, ask, everything, reported } = await openTestApi({
  ...desk,
  cards: createCardPayments(desk.payments, processor),
})
scope.after(() => app.close())

const stripe = new Stripe('sk_test_none')
const { code, members } = await desk.newOrder()

async function awaited(index: number) {
  const request = await withDocument(desk, code, members[index] ?? assert.fail())
  return { id: request.id, reference: await referenceOf(desk, request) }
}

const paid = (reference: string): string =>
  JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'checkout.session.completed',
    data: {
      object: {
        object: 'checkout.session',
        id: 'cs_1',
        client_reference_id: reference,
        payment_status: 'paid',
        payment_intent: `pi_${reference}`,
        amount_total: 1000,
        currency: 'eur',
      },
    },
  })

async function notify(payload: string, secret = SECRET, signed = payload): Promise<readonly [number, Record<string, unknown>]> {
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/payments/stripe',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: signed, secret }),
    },
    payload,
  })
  return [answer.statusCode, answer.json()]
}

const checkout = (reference: string): Promise<Answered> => ask('POST', `/payments/${reference}/checkout`)

test('who knows the reference gets the page, until it is paid', async () => {
  const { id, reference } = await awaited(0)
  const page = await checkout(reference)
  assert.deepEqual([page.status, page.body], [200, { url: `https://pay.test/${reference}` }])
  assert.deepEqual(asked.at(-1), {
    reference,
    cents: 1000,
    description: `Casella PEC ${reference}`,
    returnTo: 'https://pec.test/pagamento',
  })
  // As it comes, spaces and all: the signature is of the bytes, not of what they say.
  const payload = paid(reference).replace('{', '{ \n ')
  assert.deepEqual(await notify(payload), [200, { received: true }])
  assert.equal((await desk.requests.get(id)).state, 'review-pending')
  const before = await everything()
  assert.deepEqual(await notify(payload), [200, { received: true }])
  assert.equal(await everything(), before)
  const again = await checkout(reference)
  assert.deepEqual([again.status, again.code], [409, 'paid-already'])
})

test('what is not signed, is too large, or is no JSON changes nothing', async () => {
  const { reference } = await awaited(1)
  const payload = paid(reference)
  const before = await everything()
  const refused = async (answer: Promise<readonly [number, Record<string, unknown>]>) => {
    const [status, body] = await answer
    return [status, body['code']]
  }
  assert.deepEqual(await refused(notify(payload, 'whsec_of_another')), [400, 'bad-signature'])
  assert.deepEqual(await refused(notify(payload.replace('1000', '1001'), SECRET, payload)), [400, 'bad-signature'])
  assert.deepEqual(await refused(notify(`${payload}${' '.repeat(300_000)}`)), [413, 'too-large'])
  const unsigned = await ask('POST', '/payments/stripe', { body: JSON.parse(payload) as object })
  assert.deepEqual([unsigned.status, unsigned.code], [400, 'bad-request'])
  const form = await ask('POST', '/payments/stripe', { file: Buffer.from(payload), headers: { 'stripe-signature': 't=1' } })
  assert.deepEqual([form.status, form.code], [400, 'bad-request'])
  assert.equal(await everything(), before)
})

test('no page for what is over or nobody knows, and a plain word where cards do not work', async () => {
  const { id, reference } = await awaited(2)
  outage.on = true
  const out = await checkout(reference)
  assert.deepEqual([out.status, out.code, out.headers['retry-after']], [503, 'card-unavailable', '30'])
  outage.on = false
  await desk.requests.abandon(id, { actor: `holder:${id}`, role: 'holder' })
  const over = await checkout(reference)
  assert.deepEqual([over.status, over.code], [409, 'payment-over'])
  const unknown = await checkout('PEC000000000000')
  assert.deepEqual([unknown.status, unknown.code], [404, 'no-such-payment'])
  assert.deepEqual(reported, [])
})

test('a provider that takes no cards says so, before and when it is asked', async () => {
  const without = await openTestApi(desk)
  scope.after(() => without.app.close())
  const { reference } = await awaited(3)
  const page = await without.ask('POST', `/payments/${reference}/checkout`)
  assert.deepEqual([page.status, page.code], [409, 'no-card-payments'])
  assert.deepEqual((await without.ask('GET', `/agreements/${code}`)).body['methods'], ['bank-transfer'])
  assert.deepEqual((await ask('GET', `/agreements/${code}`)).body['methods'], ['bank-transfer', 'card'])
})
