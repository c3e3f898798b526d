/** Wrong inputs, things done twice, two at once: each gets a clear answer, and changes nothing. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { ANNA, openTestDesk, PDF, referenceOf } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { as, bearer, DESK, openTestApi, type Answered } from './test-api.ts'

const HOUR = 3_600_000

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask, everything, wanted, start, withDocument, reported } = await openTestApi(desk)
scope.after(() => app.close())

type Order = Awaited<ReturnType<typeof desk.newOrder>>
let order: Order
beforeEach(async () => {
  order = await desk.newOrder()
})
const member = (index: number) => order.members[index] ?? assert.fail()

/** It answers an error that says what to do, and nothing has changed. */
async function refused(status: number, code: string, work: () => Promise<Answered>): Promise<Answered> {
  const before = await everything()
  const answer = await work()
  assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(answer.body))
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.ok(String(answer.body['detail']).length > 10)
  assert.equal(await everything(), before)
  return answer
}

const begin = (body: object, headers = {}): Promise<Answered> => ask('POST', '/requests', { body, headers })
const document = ({ id, token }: { id: string; token: string }, file: Buffer): Promise<Answered> =>
  ask('POST', `/requests/${id}/document`, { headers: bearer(token), file })

async function confirmed() {
  const request = await start(order.code, member(0))
  await desk.requests.confirmEmail(await desk.requests.confirmationLink(request.id, ANNA))
  return request
}

test('an unknown code, a name that does not match, the tax code of somebody else, a wrong one', async () => {
  const good = wanted(order.code, member(0), (await proposal()).address)
  await refused(404, 'no-such-agreement', () => begin({ ...good, code: 'NESSUNO-0001' }))
  await refused(422, 'name-differs', () => begin({ ...good, surname: 'Neri' }))
  await refused(422, 'name-differs', () => begin({ ...good, taxCode: member(1).taxCode }))
  await refused(422, 'not-on-roll', () => begin({ ...good, taxCode: 'RSSMRA85T10A562S' }))
  await refused(422, 'bad-tax-code', () => begin({ ...good, taxCode: 'RSSMRA85T10A562X' }))
  await refused(409, 'terms-not-accepted', () => begin({ ...good, termsVersion: '0' }))
  const { body } = await refused(400, 'bad-request', () => begin({ ...good, years: 'two', surname: undefined }))
  assert.deepEqual((body['errors'] as { path: string }[]).map(({ path }) => path).sort(), ['body/surname', 'body/years'])
  await refused(400, 'bad-request', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/requests',
      headers: { 'content-type': 'application/json' },
      payload: '{',
    })
    return { status: answer.statusCode, headers: answer.headers, code: answer.json().code, body: answer.json() }
  })
})

const proposal = async () => {
  const { proposals } = await desk.requests.check({ code: order.code, ...member(0) })
  return { address: proposals.find(({ free }) => free)?.address ?? '' }
}

test('an address that another holds, has or had, or that is not proposed', async () => {
  const one = await start(order.code, member(0))
  // Another member whose name gives the same address.
  const taxCode = 'RSSMRA85T10A562S'
  const line = `${taxCode};${member(0).surname};${member(0).givenName}`
  await desk.rolls.importFile(order.order, order.roll([line]), ANNA)
  const other = { taxCode, surname: member(0).surname, givenName: member(0).givenName }
  await refused(409, 'address-taken', () => begin(wanted(order.code, other, one.address)))
  await refused(422, 'address-not-proposed', () => begin(wanted(order.code, other, 'il.migliore@pec.ordine.test')))
  const proposed = await ask('POST', `/agreements/${order.code}/check`, { body: other })
  const free = (proposed.body['proposals'] as { address: string; free: boolean }[]).filter(
    ({ address }) => address === one.address,
  )
  assert.deepEqual(free, [{ address: one.address, free: false }])
})

test('a button that is pressed twice: with one key one request, at once or later', async () => {
  const body = wanted(order.code, member(0), (await proposal()).address)
  const headers = { 'idempotency-key': randomUUID() }
  const both = await Promise.all([begin(body, headers), begin(body, headers)])
  const made = both.filter(({ status }) => status === 201)
  assert.ok(made.length >= 1)
  for (const one of both) {
    if (one.status === 201) assert.deepEqual(one.body, made[0]?.body)
    else assert.deepEqual([one.status, one.code, one.headers['retry-after']], [409, 'idempotency-in-progress', '1'])
  }
  const before = await everything()
  const again = await begin(body, headers)
  assert.deepEqual([again.status, again.body, again.headers['idempotent-replayed']], [201, made[0]?.body, 'true'])
  assert.equal(again.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal(await everything(), before)
  await refused(422, 'idempotency-key-reused', () => begin({ ...body, years: 2 }, headers))
  await refused(400, 'bad-idempotency-key', () => begin(body, { 'idempotency-key': 'short' }))
  // Without a key, or with another one, the rule of the agreement stands.
  await refused(409, 'address-taken', () => begin(body))
  await refused(409, 'request-open', async () => begin({ ...body, ...(await proposal()) }, { 'idempotency-key': randomUUID() }))
})

test('a document that is sent twice with one key is taken once, and another one under that key is refused', async () => {
  const { id, token } = await confirmed()
  const headers = { ...bearer(token), 'idempotency-key': randomUUID() }
  const send = (file: Buffer): Promise<Answered> => ask('POST', `/requests/${id}/document`, { headers, file })
  assert.equal((await send(PDF)).status, 200)
  const before = await everything()
  assert.equal((await send(PDF)).headers['idempotent-replayed'], 'true')
  assert.equal(await everything(), before)
  const other = Buffer.from(PDF)
  other.writeUInt8(0, PDF.length - 1)
  await refused(422, 'idempotency-key-reused', () => send(other))
})

test('a key whose request failed is free again, and one of yesterday too', async () => {
  const body = wanted(order.code, member(0), (await proposal()).address)
  const headers = { 'idempotency-key': randomUUID() }
  await refused(422, 'bad-address', () => begin({ ...body, email: 'nobody' }, headers))
  assert.equal((await begin(body, headers)).status, 201)
  desk.clock.now += 25 * HOUR
  await refused(409, 'request-open', async () => begin({ ...body, ...(await proposal()) }, headers))
})

test('a link of the e-mail address that is used, too old, or nobody has', async () => {
  const confirm = (token: string): Promise<Answered> => ask('POST', '/requests/confirmations', { body: { token } })
  const { id } = await start(order.code, member(0))
  const late = await desk.requests.confirmationLink(id, ANNA)
  desk.clock.now += 49 * HOUR
  await refused(410, 'link-expired', () => confirm(late))
  const token = await desk.requests.confirmationLink(id, ANNA)
  await refused(404, 'bad-link', () => confirm(late))
  await refused(404, 'bad-link', () => confirm(token.slice(0, -1)))
  assert.equal((await confirm(token)).status, 200)
  await refused(410, 'link-used', () => confirm(token))
  await refused(404, 'bad-link', () => ask('GET', `/requests/${id}`, { headers: bearer(token.replace(/.$/, 'A')) }))
})

test('a document that is none, is too large, or is for the request of somebody else', async () => {
  const request = await confirmed()
  await refused(415, 'document-kind', () => document(request, Buffer.alloc(5000, 'MZ')))
  await refused(413, 'document-too-large', () => document(request, Buffer.concat([PDF, Buffer.alloc(5_000_000)])))
  await refused(413, 'too-large', () => document(request, Buffer.concat([PDF, Buffer.alloc(20_000_000)])))
  await refused(400, 'bad-request', () =>
    ask('POST', `/requests/${request.id}/document`, { headers: bearer(request.token), body: {} }),
  )
  const other = await start(order.code, member(1))
  await refused(404, 'no-such-request', () => document({ id: request.id, token: other.token }, PDF))
  desk.infected.name = 'Eicar'
  await refused(422, 'document-infected', () => document(request, PDF))
  desk.infected.name = null
  const taken = await document(request, PDF)
  assert.deepEqual([taken.status, taken.body['state']], [200, 'payment-pending'])
  await refused(409, 'wrong-state', () => document(request, PDF))
})

test('a payment that is told again, of another amount, or of nobody', async () => {
  const { id } = await withDocument(order.code, member(0))
  const reference = await referenceOf(desk, await desk.requests.get(id))
  const bank = (cents: string, note: string): Promise<Answered> =>
    ask('POST', '/payments/bank-files', {
      headers: DESK,
      file: Buffer.from(`Data;Importo;Causale;CRO\n15/03/2026;${cents};${note};${note}\n`),
    })
  const outcomes = ({ body }: Answered) => (body['movements'] as { outcome: string; repeated: boolean }[])[0]
  assert.equal(outcomes(await bank('3,00', `${reference} a`))?.outcome, 'wrong-amount')
  assert.equal((await desk.requests.get(id)).state, 'payment-pending')
  assert.deepEqual(outcomes(await bank('10,00', reference))?.outcome, 'registered')
  const before = await everything()
  const replayed = outcomes(await bank('10,00', reference))
  assert.deepEqual([replayed?.outcome, replayed?.repeated], ['registered', true])
  assert.equal(await everything(), before)
  await refused(404, 'no-such-payment', () => ask('POST', '/payments/PEC00/registration', { headers: DESK, body: {} }))
  await refused(422, 'bad-bank-file', () =>
    ask('POST', '/payments/bank-files', { headers: DESK, file: Buffer.from('a;b\n1;2\n') }),
  )
})

test('two operators at once: one decides, the other is told', async () => {
  const { id } = await withDocument(order.code, member(0))
  await desk.payments.register(await referenceOf(desk, await desk.requests.get(id)), 'seen', ANNA)
  const bruno = as({ kind: 'operator', name: 'bruno', roles: ['desk'] })
  const [one, two] = await Promise.all([
    ask('POST', `/requests/${id}/approval`, { headers: DESK }),
    ask('POST', `/requests/${id}/rejection`, { headers: bruno, body: { reason: 'the document is of somebody else' } }),
  ])
  assert.deepEqual(
    [one.status, two.status].toSorted((a, b) => a - b),
    [200, 409],
  )
  assert.equal([one, two].find(({ status }) => status === 409)?.code, 'wrong-state')
  await refused(409, 'wrong-state', () => ask('POST', `/requests/${id}/approval`, { headers: DESK }))
  assert.deepEqual(reported, [])
})

test('a cursor of another list, and an order that is not there', async () => {
  const list = (path: string): Promise<Answered> => ask('GET', path, { headers: DESK })
  const page = await list(`/orders/${order.order}/members?limit=3`)
  const next = String(page.body['next'])
  await refused(400, 'bad-cursor', () => list(`/orders/${order.order}/contracts?cursor=${next}`))
  await refused(400, 'bad-cursor', () => list(`/orders/${order.order}/members?cursor=x`))
  await refused(400, 'bad-request', () => list(`/orders/${order.order}/members?limit=100000`))
  await refused(404, 'no-such-order', () => list('/orders/NESSUNO/members'))
})
