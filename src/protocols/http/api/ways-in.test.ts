/** The real ways in: a user of an order by a session, a holder by a password, tokens; and how often everybody may ask. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { fastify } from 'fastify'
import { Secret, TOTP } from 'otpauth'
import { ANNA, openTestDesk, withMailbox } from '../../../registry/agreement/test-desk.ts'
import { createLoginBrake } from '../../../registry/login-brake.ts'
import { createLogins } from '../../../registry/logins.ts'
import { createOperatorAccess } from '../../../registry/operators/access.ts'
import { createOperators } from '../../../registry/operators/operators.ts'
import { registryQueries } from '../../../registry/queries.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { COOKIE } from '../operator-cookie.ts'
import { registerApi } from './api.ts'
import { testApiParts } from './test-api.ts'
import { holderPassword, linkToken, operatorSession, unknownToken } from './ways-in.ts'

const PASSWORD = 'una parola lunga e rara'
const CLIENT = '192.0.2.1'
const PUBLIC_RATE = 5

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const now = (): number => desk.clock.now
const brake = createLoginBrake(now)
const operators = createOperators({ database, brake, now })
const party = { id: 'pec.test', name: 'Prova', origins: ['https://pec.test'] }
const access = createOperatorAccess({ database, brake, party, key: randomBytes(32), now })
const logins = createLogins({
  queries: registryQueries(database),
  brake,
  now,
  report: (error) => assert.fail(String(error)),
  failed: () => undefined,
})
const app = fastify()
const parts = testApiParts(desk)
const { keys } = parts
registerApi(app, {
  ...parts,
  waysIn: [operatorSession(access), holderPassword(logins('api').authenticate), linkToken(desk.accessLinks), unknownToken],
  publicRate: PUBLIC_RATE,
  report: (name, data) => assert.fail(`${name} ${JSON.stringify(data)}`),
})
scope.after(() => app.close())

type Got = Record<string, unknown> & { readonly status: number; readonly headers: Record<string, unknown> }

async function get(path: string, headers: Record<string, string>): Promise<Got> {
  const answer = await app.inject({ url: `/api/v1${path}`, headers })
  return { status: answer.statusCode, headers: answer.headers, ...answer.json<Record<string, unknown>>() }
}

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

test('a user of an order signs in as operators do, and sees of that order alone', async () => {
  const { order } = await desk.newOrder()
  const { order: other } = await desk.newOrder()
  await operators.addOrderUser('luisa', PASSWORD, order, ANNA)
  await assert.rejects(operators.addOrderUser('luisa', PASSWORD, order, ANNA), { code: 'operator-exists' })
  await assert.rejects(operators.addOrderUser('piero', PASSWORD, 'NESSUNO', ANNA), { code: 'no-such-order' })
  await assert.rejects(operators.setRoles('luisa', ['desk'], ANNA), { code: 'order-user' })
  await assert.rejects(operators.authenticate('luisa', PASSWORD, CLIENT), { code: 'not-allowed' })

  const begun = await access.signIn.begin('luisa', PASSWORD, CLIENT)
  const cookie = (token: string) => ({ cookie: `${COOKIE}=${token}` })
  assert.equal((await get(`/orders/${order}/members`, cookie(begun.token)))['code'], 'wrong-stage')
  const session = await access.current(begun.token)
  const { secret } = await access.account.offerTotp(session)
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now() })
  const { opened } = await access.account.confirmTotp(await access.current(begun.token), code)
  const full = cookie(opened?.token ?? '')
  assert.equal((await get(`/orders/${order}/members`, full)).status, 200)
  assert.equal((await get(`/orders/${other}/members`, full))['code'], 'not-your-order')
  assert.equal((await get('/orders', full))['code'], 'not-allowed')
  const foreign = await app.inject({
    method: 'POST',
    url: `/api/v1/orders/${order}/roll`,
    headers: { ...full, origin: 'https://evil.test' },
  })
  assert.equal(foreign.json<{ code: string }>().code, 'other-origin')
})

test('a holder comes in with address and password, and by the link of a reminder to renew only', async () => {
  const { code, members } = await desk.newOrder()
  const { id, address } = await withMailbox(desk, code, members[0] ?? assert.fail())
  await desk.mailboxes.setPassword(address, PASSWORD)
  assert.equal((await get('/mailbox', basic(address, PASSWORD)))['address'], address)
  const wrong = await get('/mailbox', basic(address, 'sbagliata'))
  assert.deepEqual([wrong.status, wrong['code']], [401, 'bad-credentials'])
  assert.match(String(wrong.headers['www-authenticate']), /^Basic /)
  const link = { authorization: `Bearer ${await desk.accessLinks.forRenewal(id)}` }
  assert.equal((await get('/mailbox/renewal', link))['may'], 'early')
  assert.equal((await get('/mailbox', link))['code'], 'not-allowed')
  desk.clock.now += 91 * 86_400_000
  assert.equal((await get('/mailbox/renewal', link))['code'], 'link-expired')
})

test('a token that nobody knows is an error, also where everybody may; and everybody may not ask for ever', async () => {
  const { code } = await desk.newOrder()
  const path = `/agreements/${code}`
  assert.deepEqual((await get(path, { authorization: 'Bearer of-nobody' }))['code'], 'bad-token')
  const answers: unknown[] = []
  for (let index = 0; index < PUBLIC_RATE + 2; index++) answers.push((await get(path, {}))['code'])
  const last = await get(path, {})
  assert.deepEqual([last.status, last['code']], [429, 'too-many-requests'])
  assert.ok(Number(last.headers['retry-after']) > 0)
})

test('kept answers cannot be read without their key, and go after a day', async () => {
  const key = randomUUID()
  const work = await keys.begin({ maker: 'anonymous', key, request: Buffer.alloc(32) })
  await work.done(Buffer.from('a token'))
  const [row] = await database.reader.read<{ answer: Buffer }>('select answer from idempotency_key')
  assert.ok(row && !row.answer.includes('a token'))
  assert.equal((await keys.begin({ maker: 'anonymous', key, request: Buffer.alloc(32) })).answer?.toString(), 'a token')
  assert.equal((await keys.begin({ maker: 'another', key, request: Buffer.alloc(32) })).answer, null)
  desk.clock.now += 60_001
  assert.equal(await keys.sweep(), 1, 'the one whose work was never done')
  desk.clock.now += 24 * 3_600_000
  assert.equal(await keys.sweep(), 1)
})
