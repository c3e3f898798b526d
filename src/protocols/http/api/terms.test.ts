/** The texts of the terms: stored by operators, read by everybody who has an agreement's code, accepted in a language. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { openTestDesk } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { DESK, openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, ask, everything, wanted } = await openTestApi(desk)
scope.after(() => app.close())
const { code, members } = await desk.newOrder()

const ITALIAN = Buffer.from('Condizioni del servizio: è così.\n')
const ENGLISH = Buffer.from('%PDF-1.7\nThe terms.')
const add = (file: Buffer, fields: Record<string, string>) =>
  ask('POST', '/terms', { headers: DESK, file, fields: { version: '1', language: 'it', validFrom: '2026-01-01', ...fields } })
const refusal = async (answer: ReturnType<typeof ask>) => {
  const { status, code: why } = await answer
  return [status, why]
}

test('texts that are stored are read byte for byte, and a request names the one that was accepted', async () => {
  const none = await ask('GET', `/agreements/${code}/terms`)
  assert.deepEqual(none.body, { version: '1', texts: [] })
  assert.deepEqual(await refusal(ask('GET', `/agreements/${code}/terms/it`)), [404, 'no-such-terms'])

  const added = await add(ITALIAN, {})
  assert.deepEqual([added.status, added.body['mediaType'], added.body['addedBy']], [201, 'text/plain', 'operator:anna'])
  assert.equal((await add(ENGLISH, { language: 'en', validFrom: '2027-01-01' })).status, 201)
  assert.equal((await add(ENGLISH, { version: '2' })).status, 201)

  const { body } = await ask('GET', `/agreements/${code}/terms`)
  const texts = body['texts'] as { language: string; sha256: string; addedBy?: string }[]
  assert.deepEqual(
    texts.map(({ language }) => language),
    ['en', 'it'],
  )
  assert.equal(texts[1]?.addedBy, undefined, 'who stored it is not for everybody')
  for (const [language, bytes, mediaType] of [
    ['it', ITALIAN, 'text/plain; charset=utf-8'],
    ['en', ENGLISH, 'application/pdf'],
  ] as const) {
    const text = await app.inject({ url: `/api/v1/agreements/${code}/terms/${language}` })
    assert.deepEqual(text.rawPayload, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const { headers } = text
    assert.deepEqual(
      [headers['content-type'], headers['etag'], headers['content-language'], headers['x-content-type-options']],
      [mediaType, `"${sha256}"`, language, 'nosniff'],
    )
  }

  const member = members[0] ?? assert.fail()
  const { proposals } = await desk.requests.check({ code, ...member })
  const request = wanted(code, member, proposals[0]?.address ?? '')
  // The English text cannot be accepted before 2027.
  const early = ask('POST', '/requests', { body: { ...request, language: 'en' } })
  assert.deepEqual(await refusal(early), [409, 'terms-not-accepted'])
  assert.deepEqual(await refusal(ask('POST', '/requests', { body: { ...request, language: 'de' } })), [400, 'bad-request'])
  assert.equal((await ask('POST', '/requests', { body: { ...request, language: 'it' } })).status, 201)

  const all = await ask('GET', '/terms', { headers: DESK })
  assert.equal((all.body['items'] as object[]).length, 3)
  const second = await app.inject({ url: '/api/v1/terms/2/it', headers: DESK })
  assert.deepEqual(second.rawPayload, ENGLISH)
})

test('a text stays; one that is no text, or of no day, is not stored', async () => {
  await add(ITALIAN, { version: '9' })
  const before = await everything()
  assert.deepEqual(await refusal(add(ENGLISH, { version: '9' })), [409, 'terms-exist'])
  assert.deepEqual(await refusal(add(Buffer.from([0xff, 0xfe, 0]), { version: '10' })), [422, 'bad-terms'])
  assert.deepEqual(await refusal(add(ITALIAN, { version: '10', validFrom: 'today' })), [422, 'bad-terms'])
  assert.deepEqual(await refusal(add(Buffer.alloc(5_500_000, 'a'), { version: '10' })), [422, 'bad-terms'])
  assert.deepEqual(await refusal(add(Buffer.alloc(6_500_000, 'a'), { version: '10' })), [413, 'too-large'])
  assert.deepEqual(await refusal(ask('GET', '/terms/8/it', { headers: DESK })), [404, 'no-such-terms'])
  assert.equal(await everything(), before)
})
