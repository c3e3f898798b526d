/** What an order is told and tells: members without an address, addresses elsewhere, the register. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { createCodeSender } from '../../../registry/agreement/elsewhere-sender.ts'
import { openTestDesk, withMailbox } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { as, openTestApi, type Answered } from './test-api.ts'

const ELSEWHERE = 'mario@pec.altrove.test'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask, everything } = await openTestApi(desk)
scope.after(() => app.close())

/** The code of the last message, whose delivery receipt has come. */
let text = ''
const sender = createCodeSender({
  database,
  sender: 'ricevute@pec.ordine.test',
  findMailbox: async () => ({ slot: 7, id: '00000000-0000-7000-8000-000000000007' }),
  async send({ bytes }) {
    text = bytes.toString()
    const pecMsgid = createHash('sha256').update(text).digest('hex')
    desk.delivered.add(pecMsgid)
    return { outcome: 'accepted', pecMsgid }
  },
  report: (name, data) => assert.fail(`${name} ${JSON.stringify(data)}`),
  now: () => desk.clock.now,
})
async function receivedCode(): Promise<string> {
  for (const slot of await sender.dueSlots(new Date(desk.clock.now))) while (await sender.workOff(slot));
  return /^ {4}(\S+)\r$/m.exec(text)?.[1] ?? ''
}

type Order = Awaited<ReturnType<typeof desk.newOrder>>
let order: Order
let headers: Record<string, string>
beforeEach(async () => {
  order = await desk.newOrder()
  headers = as({ kind: 'order', name: 'luisa', order: order.order })
})
const member = (index: number) => order.members[index] ?? assert.fail()
const get = (path: string) => ask('GET', `/orders/${order.order}${path}`, { headers })
const post = (path: string, body: object = {}) => ask('POST', `/orders/${order.order}${path}`, { headers, body })
const itemsOf = ({ body }: Answered) => body['items'] as Record<string, unknown>[]

async function refused(status: number, code: string, work: () => Promise<Answered>): Promise<void> {
  const before = await everything()
  const answer = await work()
  assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify(answer.body))
  assert.equal(await everything(), before)
}

test('an order lists who has no address page by page, warns them, and proposes 30 days later', async () => {
  await withMailbox(desk, order.code, member(0))
  const first = await get('/members-without-address?limit=5')
  const second = await get(`/members-without-address?limit=5&cursor=${String(first.body['next'])}`)
  assert.deepEqual([itemsOf(first).length, itemsOf(second).length, second.body['next']], [5, 4, null])
  assert.ok([...itemsOf(first), ...itemsOf(second)].every(({ stage }) => stage === 'to-warn'))

  const taxCode = member(1).taxCode.toLowerCase()
  const warned = await post('/warnings', { kind: 'warning', members: [taxCode], note: 'raccomandata 1' })
  assert.deepEqual(warned.body, { members: 1 })
  await refused(409, 'not-to-send', () => post('/warnings', { kind: 'warning', members: [taxCode], note: 'raccomandata 2' }))
  await refused(409, 'not-to-send', () => post('/warnings', { kind: 'proposal', members: [taxCode], note: 'verbale' }))
  await refused(422, 'no-reason', () => post('/warnings', { kind: 'warning', members: 'all', note: ' ' }))
  await refused(422, 'bad-day', () => post('/warnings', { kind: 'warning', members: 'all', note: 'x', sentOn: '2027-01-01' }))
  await refused(400, 'bad-request', () => post('/warnings', { kind: 'warning', members: [], note: 'x' }))
  assert.deepEqual((await post('/warnings', { kind: 'warning', members: 'all', note: 'PEC' })).body, { members: 8 })

  const noted = await get(`/members/${taxCode}/warnings`)
  assert.deepEqual(
    itemsOf(noted).map(({ kind, sentOn, notedBy }) => [kind, sentOn, notedBy]),
    [['warning', '2026-03-15', `order:${order.order}:luisa`]],
  )
  assert.deepEqual(itemsOf(await get('/members-without-address?stage=to-propose')), [])
  await desk.goTo('2026-04-16')
  assert.equal(itemsOf(await get('/members-without-address?stage=to-propose')).length, 9)
  assert.deepEqual((await post('/warnings', { kind: 'proposal', members: 'all', note: 'verbale 3' })).body, { members: 9 })
})

test('a member proves an address elsewhere by himself; the order sees it, the register is told, and the order ends it', async () => {
  const named = await ask('POST', `/agreements/${order.code}/addresses-elsewhere`, { body: { ...member(0), address: ELSEWHERE } })
  assert.equal(named.status, 201)
  const id = String(named.body['id'])
  const prove = (code: string) => ask('POST', `/addresses-elsewhere/${id}/proof`, { body: { code } })
  const code = await receivedCode()
  const wrong = await prove('AAAA-AAAA')
  assert.deepEqual([wrong.status, wrong.code], [422, 'wrong-code'])
  const { body } = await prove(code)
  assert.deepEqual([body['address'], body['state'], body['taxCode']], [ELSEWHERE, 'proved', undefined])
  await refused(409, 'wrong-state', () => prove(code))

  const list = itemsOf(await get(`/members/${member(0).taxCode}/addresses-elsewhere`))
  assert.deepEqual(
    list.map(({ address, state }) => [address, state]),
    [[ELSEWHERE, 'proved']],
  )
  const made = await post('/register-exports')
  const file = await app.inject({ url: `/api/v1/orders/${order.order}/register-exports/1/file`, headers })
  assert.equal(file.headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(createHash('sha256').update(file.rawPayload).digest('hex'), made.body['sha256'])
  assert.match(file.body, /mario@pec\.altrove\.test/)

  const other = await desk.newOrder()
  const stranger = as({ kind: 'order', name: 'piero', order: other.order })
  await refused(404, 'no-such-proof', () =>
    ask('POST', `/orders/${other.order}/addresses-elsewhere/${id}/end`, { headers: stranger }),
  )
  assert.equal((await post(`/addresses-elsewhere/${id}/end`)).body['state'], 'ended')
  await refused(409, 'wrong-state', () => post(`/addresses-elsewhere/${id}/end`))
})

test('an order names an address for a member; wrong ones are refused, and codes are not sent without end', async () => {
  const start = (body: object) => post('/addresses-elsewhere', body)
  const good = { ...member(0), address: ELSEWHERE }
  await refused(422, 'not-certified', () => start({ ...good, address: 'mario@example.it' }))
  await refused(422, 'name-differs', () => start({ ...good, surname: 'Neri' }))
  await refused(422, 'not-on-roll', () => start({ ...good, taxCode: 'RSSMRA85T10A562S' }))
  await refused(404, 'no-such-agreement', () => ask('POST', '/agreements/NO-0001/addresses-elsewhere', { body: good }))
  await withMailbox(desk, order.code, member(1))
  await refused(409, 'has-mailbox', () => start({ ...member(1), address: ELSEWHERE }))
  for (let time = 0; time < 5; time++) assert.equal((await start(good)).status, 201)
  await refused(429, 'too-many-proofs', () => start(good))
})

test('an export is given again until it is confirmed, and what was rejected is said again', async () => {
  await refused(409, 'nothing-to-export', () => post('/register-exports'))
  await withMailbox(desk, order.code, member(0))
  await withMailbox(desk, order.code, member(1))
  const first = await post('/register-exports')
  assert.deepEqual([first.body['number'], first.body['lines'], first.body['again']], [1, 2, false])
  const again = await post('/register-exports')
  assert.deepEqual([again.body['number'], again.body['sha256'], again.body['again']], [1, first.body['sha256'], true])

  const confirm = (number: number, body: object) => post(`/register-exports/${number}/confirmation`, body)
  const rejected = [{ line: 3, why: 'unknown tax code' }]
  await refused(422, 'no-such-line', () => confirm(1, { rejected: [{ line: 9, why: 'x' }] }))
  await refused(400, 'bad-request', () => confirm(1, { rejected, refused: 'all wrong' }))
  await refused(404, 'no-such-export', () => confirm(7, {}))
  assert.equal((await confirm(1, { rejected })).body['rejected'], 1)
  await refused(409, 'export-confirmed', () => confirm(1, {}))
  const shown = await get('/register-exports/1')
  assert.deepEqual(
    (shown.body['rejections'] as { line: number; why: string }[]).map(({ line, why }) => ({ line, why })),
    rejected,
  )

  assert.deepEqual((await post('/register-exports')).body['lines'], 1)
  assert.equal((await confirm(2, { refused: 'the file did not arrive' })).body['rejected'], 1)
  assert.deepEqual((await post('/register-exports')).body['lines'], 1)
  const page = await get('/register-exports?limit=2')
  assert.deepEqual(
    itemsOf(page).map(({ number }) => number),
    [3, 2],
  )
  const rest = await get(`/register-exports?limit=2&cursor=${String(page.body['next'])}`)
  assert.deepEqual([itemsOf(rest).map(({ number }) => number), rest.body['next']], [[1], null])
  const foreign = (await get('/members?limit=1')).body['next']
  await refused(400, 'bad-cursor', () => get(`/register-exports?cursor=${String(foreign)}`))
})
