/** What is looked at stays good, and says what would come of it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { lastFirst, withTestDatabase } from '../../storage/test-database.ts'
import { ANNA, begin, openTestDesk, withMailbox } from './test-desk.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { code, members } = await desk.newOrder({ centsPerYear: 0 })
const [mario, luisa] = members
if (!mario || !luisa) assert.fail()

test('a link that is looked at says what it would do, as long as it would do it', async () => {
  const { id, address } = await begin(desk, code, mario)
  const token = await desk.requests.confirmationLink(id, ANNA)
  const { lookAt } = desk.accessLinks
  for (let looks = 0; looks < 2; looks++)
    assert.deepEqual(await lookAt(token), { purpose: 'confirm-email', address, email: 'mario@example.it' })
  await desk.requests.confirmEmail(token)
  await assert.rejects(lookAt(token), { code: 'link-used' })
  desk.clock.now += 49 * 3_600_000
  await assert.rejects(lookAt(token), { code: 'link-used' })
})

test('what is expired, unknown or no one-time link is told so', async () => {
  const contract = await withMailbox(desk, code, luisa)
  await desk.work()
  const { lookAt, forRenewal } = desk.accessLinks
  const token = await desk.contracts.activationLink(contract.id, ANNA)
  assert.deepEqual(await lookAt(token), { purpose: 'activate', address: contract.address, email: null })
  await assert.rejects(lookAt(token.slice(1)), { code: 'bad-link' })
  await assert.rejects(lookAt(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`), { code: 'bad-link' })
  await assert.rejects(lookAt(await forRenewal(contract.id)), { code: 'bad-link' })
  desk.clock.now += 15 * 24 * 3_600_000
  await assert.rejects(lookAt(token), { code: 'link-expired' })
})
