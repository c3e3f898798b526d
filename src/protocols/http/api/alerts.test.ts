/** A holder's alerts over HTTP: begun, changed and stopped by himself, which the audit log tells. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../../audit/queries.ts'
import { openTestDesk, withMailbox } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { as, openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask, everything } = await openTestApi(desk)
scope.after(() => app.close())
const { code, members } = await desk.newOrder()
const { address } = await withMailbox(desk, code, members[0] ?? assert.fail())
const headers = as({ kind: 'holder', address, by: 'login' })
const set = (body: object) => ask('PATCH', '/mailbox/alerts', { headers, body })

test('alerts go to the own contact at once, elsewhere after a link, and stop; each is recorded as the holder’s act', async () => {
  const none = await ask('GET', '/mailbox/alerts', { headers })
  assert.deepEqual([none.status, none.code], [404, 'no-alerts'])
  assert.equal((await ask('DELETE', '/mailbox/alerts', { headers })).code, 'no-alerts')

  const { body: begun } = await set({})
  assert.deepEqual([begun['recipient'], begun['stopped'], begun['details']], ['mario@example.it', null, false])
  assert.ok(begun['confirmedAt'])
  const { body: changed } = await set({ frequency: 'daily', hour: 18 })
  assert.deepEqual([changed['frequency'], changed['hour'], changed['recipient']], ['daily', 18, 'mario@example.it'])
  const { body: elsewhere } = await set({ recipient: 'altro@example.it' })
  assert.deepEqual([elsewhere['recipient'], elsewhere['confirmedAt']], ['altro@example.it', null])

  assert.equal((await ask('DELETE', '/mailbox/alerts', { headers })).status, 204)
  const { body: stopped } = await ask('GET', '/mailbox/alerts', { headers })
  assert.equal((stopped['stopped'] as { by: string }).by, 'holder')

  const entries = (await auditReads(database.reader).list({ object: `mailbox:${address}` })).filter(
    ({ act }) => act === 'alerts-changed',
  )
  assert.deepEqual(
    entries.map(({ details }) => details['event']),
    ['set', 'set', 'set', 'stop'],
  )
  for (const { actor, role, holders } of entries)
    assert.deepEqual([actor, role, holders], [`holder:${address}`, 'holder', [address]])
})

test('wrong wishes change nothing', async () => {
  await set({ recipient: 'mario@example.it' })
  const before = await everything()
  for (const [body, status, why] of [
    [{ hour: 24 }, 422, 'bad-hour'],
    [{ kinds: [] }, 422, 'no-kinds'],
    [{ kinds: ['spam'] }, 400, 'bad-request'],
    [{ recipient: 'nobody' }, 422, 'bad-address'],
    [{ recipient: 'altro@pec.ordine.test' }, 422, 'certified-recipient'],
  ] as const) {
    const answer = await set(body)
    assert.deepEqual([answer.status, answer.code], [status, why])
  }
  assert.equal(await everything(), before)
})
