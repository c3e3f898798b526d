/** Tokens and webhooks by the API: what a program reaches is its own. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDesk } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { as, bearer, openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask } = await openTestApi(desk)
scope.after(() => app.close())

const ADMINISTRATOR = as({ kind: 'operator', name: 'anna', roles: ['administrator'] })
const KINDS = ['request.changed', 'message.arrived']

async function program(name: string, owner: object): Promise<Record<string, string>> {
  const body = { name, scopes: ['webhooks:manage'], ...owner }
  const made = await ask('POST', '/tokens', { headers: ADMINISTRATOR, body })
  assert.equal(made.status, 201)
  return bearer(String(made.body['token']))
}

const addHook = (headers: Record<string, string>, more: object = {}) =>
  ask('POST', '/webhooks', { headers, body: { url: 'https://example.it/hook', kinds: KINDS, ...more } })

const idsSeenBy = async (headers: Record<string, string>): Promise<unknown[]> =>
  ((await ask('GET', '/webhooks', { headers })).body['items'] as { id: string }[]).map(({ id }) => id)

test('a program manages the webhooks of its order or its mailbox, and sees no others', async () => {
  const [ours, theirs] = [await program('ours', { order: 'OURS' }), await program('theirs', { order: 'THEIRS' })]
  const [mailbox, provider] = [await program('mail', { mailbox: 'Mario@pec.it' }), await program('all', {})]
  const made = [await addHook(ours), await addHook(theirs), await addHook(mailbox), await addHook(provider)]
  assert.deepEqual(
    made.map(({ status, body }) => [status, body['order'], body['mailbox']]),
    [
      [201, 'OURS', null],
      [201, 'THEIRS', null],
      [201, null, 'mario@pec.it'],
      [201, null, null],
    ],
  )
  const ids = made.map(({ body }) => body['id'])
  assert.match(String(made[0]?.body['secret']), /^whsec_/)
  assert.deepEqual(await idsSeenBy(ours), [ids[0]])
  assert.deepEqual(await idsSeenBy(mailbox), [ids[2]])
  assert.deepEqual(new Set(await idsSeenBy(provider)), new Set(ids))
  assert.equal((await addHook(ours, { order: 'THEIRS' })).code, 'not-your-order')
  assert.equal((await addHook(mailbox, { order: 'OURS' })).code, 'not-your-order')
  assert.equal((await addHook(ours, { order: 'OURS', mailbox: 'mario@pec.it' })).code, 'bad-request')
  assert.equal((await addHook(ours, { url: 'http://example.it/' })).code, 'bad-webhook-url')
  const others = String(ids[1])
  const steps = ['pause', 'resume', 'test', 'secret', 'deliveries/x/skip']
  for (const headers of [ours, mailbox]) {
    for (const step of steps)
      assert.equal((await ask('POST', `/webhooks/${others}/${step}`, { headers })).code, 'no-such-webhook', step)
    const replay = await ask('POST', `/webhooks/${others}/replay`, { headers, body: { event: 'x' } })
    assert.equal(replay.code, 'no-such-webhook')
    for (const path of ['', '/deliveries'])
      assert.equal((await ask('GET', `/webhooks/${others}${path}`, { headers })).code, 'no-such-webhook', path)
    assert.equal((await ask('DELETE', `/webhooks/${others}`, { headers })).code, 'no-such-webhook')
  }
})

test('a token of a mailbox reaches nothing of an order, whatever it says it is good for', async () => {
  const headers = as({ kind: 'machine', name: 'x', scopes: ['roll:read', 'payments:read'], order: null, mailbox: 'mario@pec.it' })
  for (const path of ['/orders/OURS/members', '/orders/OURS/payments'])
    assert.equal((await ask('GET', path, { headers })).code, 'not-allowed')
})

test('a webhook goes its way: tested, listed page by page, paused, replayed, removed', async () => {
  const headers = await program('way', { order: 'WAY' })
  const id = String((await addHook(headers)).body['id'])
  const events: unknown[] = []
  for (let n = 0; n < 3; n++) events.push((await ask('POST', `/webhooks/${id}/test`, { headers })).body['event'])
  const first = await ask('GET', `/webhooks/${id}/deliveries?limit=2`, { headers })
  const rest = await ask('GET', `/webhooks/${id}/deliveries?limit=2&cursor=${String(first.body['next'])}`, { headers })
  const listed = [first, rest].flatMap(({ body }) => body['items'] as { event: string; state: string }[])
  assert.deepEqual(
    listed.map(({ event }) => event),
    events.toReversed(),
  )
  assert.equal(rest.body['next'], null)
  assert.equal((await ask('GET', `/webhooks/${id}`, { headers })).body['waiting'], 3)
  const skipped = await ask('POST', `/webhooks/${id}/deliveries/${String(events[0])}/skip`, { headers })
  assert.equal(skipped.status, 204)
  assert.deepEqual((await ask('POST', `/webhooks/${id}/replay`, { headers, body: { since: '2026-01-01T00:00:00Z' } })).body, {
    events: 1,
  })
  assert.deepEqual((await ask('POST', `/webhooks/${id}/pause`, { headers })).body, { changed: true })
  assert.equal((await ask('GET', `/webhooks/${id}`, { headers })).body['pausedBecause'], 'owner')
  assert.deepEqual((await ask('POST', `/webhooks/${id}/resume`, { headers })).body, { changed: true })
  assert.equal((await ask('DELETE', `/webhooks/${id}`, { headers })).status, 204)
  assert.equal((await ask('GET', `/webhooks/${id}`, { headers })).code, 'no-such-webhook')
  const acts = await database.reader.read<{ act: string }>('select act from audit_entry where object = $1 order by at, seq', [
    `webhook:${id}`,
  ])
  assert.deepEqual(acts.map(({ act }) => act).sort(), [
    'webhook-added',
    'webhook-event-skipped',
    'webhook-paused',
    'webhook-removed',
    'webhook-replayed',
    'webhook-resumed',
  ])
})

test('a token is shown once, and opens nothing once it is revoked', async () => {
  const headers = await program('short', {})
  assert.equal((await ask('GET', '/webhooks', { headers })).status, 200)
  const listed = await ask('GET', '/tokens', { headers: ADMINISTRATOR })
  assert.ok(!JSON.stringify(listed.body).includes(String(headers['authorization']).slice(-30)))
  assert.equal((await ask('DELETE', '/tokens/short', { headers: ADMINISTRATOR })).status, 204)
  const refused = await ask('GET', '/webhooks', { headers })
  assert.deepEqual([refused.status, refused.code], [401, 'bad-token'])
})
