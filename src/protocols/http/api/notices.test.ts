/** Mail that leaves, for operators; and the link that a requester has lost. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDesk, PDF } from '../../../registry/agreement/test-desk.ts'
import { createPost } from '../../../notices/post.ts'
import { postQueries } from '../../../notices/queries.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { bearer, DESK, openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask, everything, start } = await openTestApi(desk)
scope.after(() => app.close())
const { code, members } = await desk.newOrder()

test('an operator sees what waits, without what it says, and has it tried again', async () => {
  const { id } = await start(code, members[0] ?? assert.fail())
  const { slot } = await desk.requests.get(id)
  const [notice] = await desk.notices.of(slot, id)
  const queries = postQueries(database)
  const post = createPost(queries, () => desk.clock.now)
  const letter = { language: 'it', subject: 'Conferma', text: 'SECRET', html: 'SECRET', headers: {} } as const
  const about = { kind: 'notice', subject: notice?.id ?? '', slot }
  await post.queue({ key: 'one', to: 'mario@example.it', ...letter, about })
  const list = await app.inject({ url: '/api/v1/notices', headers: DESK })
  assert.ok(!list.body.includes('SECRET') && !list.body.includes('Conferma'))
  const [mail] = list.json<{ items: { id: string; recipient: string; state: string }[] }>().items
  assert.deepEqual([mail?.recipient, mail?.state], ['mario@example.it', 'waiting'])
  const path = `/notices/${mail?.id}`
  assert.deepEqual((await ask('GET', path, { headers: DESK })).body['id'], mail?.id)
  assert.deepEqual((await ask('POST', `${path}/retry`, { headers: DESK })).body, { done: 'now' })

  const row = await queries.find(mail?.id ?? '')
  await queries.failed(row ?? assert.fail(), new Date(desk.clock.now), '550 no')
  assert.deepEqual((await ask('GET', '/notices?state=waiting', { headers: DESK })).body['items'], [])
  assert.deepEqual((await ask('POST', `${path}/retry`, { headers: DESK })).body, { done: 'anew' })
  assert.equal((await desk.notices.of(slot, id))[0]?.round, 1)
  const missing = await ask('POST', `/notices/${id}/retry`, { headers: DESK })
  assert.deepEqual([missing.status, missing.code], [404, 'no-such-mail'])
})

test('the link is sent again some times, to who began the request, while it is awaited', async () => {
  const { id, token } = await start(code, members[1] ?? assert.fail())
  const other = await start(code, members[2] ?? assert.fail())
  const again = (mine = token) => ask('POST', `/requests/${id}/confirmation-link`, { headers: bearer(mine) })
  const stranger = await again(other.token)
  assert.deepEqual([stranger.status, stranger.code], [404, 'no-such-request'])
  for (let time = 0; time < 5; time++) assert.equal((await again()).status, 204)
  const before = await everything()
  const sixth = await again()
  assert.deepEqual([sixth.status, sixth.code], [429, 'too-many-links'])
  assert.equal(await everything(), before)
  const { slot } = await desk.requests.get(id)
  assert.equal((await desk.notices.of(slot, id))[0]?.sentAt, null, 'it waits to be sent')

  await desk.requests.confirmEmail(await desk.requests.confirmationLink(other.id, { actor: 'system', role: 'system' }))
  const late = await ask('POST', `/requests/${other.id}/confirmation-link`, { headers: bearer(other.token) })
  assert.deepEqual([late.status, late.code], [409, 'wrong-state'])
  assert.equal((await ask('POST', `/requests/${other.id}/document`, { headers: bearer(other.token), file: PDF })).status, 200)
})
