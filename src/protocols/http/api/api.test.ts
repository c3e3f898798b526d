/** What all of the API has in common: who may, what errors look like, and what is asked twice. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openTestDesk } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, reported } = await openTestApi(desk)
scope.after(() => app.close())

test('an agreement is found by its code, and an error is a problem', async () => {
  const { code } = await desk.newOrder()
  const found = await app.inject({ url: `/api/v1/agreements/${code.toLowerCase()}` })
  assert.equal(found.statusCode, 200)
  assert.equal(found.json().code, code)
  assert.equal(found.json().addressRule, undefined)
  const missing = await app.inject({ url: '/api/v1/agreements/NO-0001' })
  assert.equal(missing.headers['content-type'], 'application/problem+json')
  assert.deepEqual(Object.keys(missing.json()), ['type', 'title', 'status', 'code', 'detail'])
  assert.equal(missing.json().code, 'no-such-agreement')
  assert.match(missing.json().type, /errors\.md#no-such-agreement$/)
  const nowhere = await app.inject({ url: '/api/v1/nowhere' })
  assert.deepEqual([nowhere.statusCode, nowhere.json().code], [404, 'no-such-operation'])
  assert.deepEqual(reported, [])
})

test('the document is served', async () => {
  const served = await app.inject({ url: '/api/v1/openapi.json' })
  assert.equal(served.statusCode, 200)
  assert.equal(served.json().openapi, '3.1.0')
})
