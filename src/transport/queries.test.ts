/** What the functions of the dispatches write, a step at a time. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { instantOf } from '../base/instant.ts'
import { ledgerEntry } from '../ledger/entry.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import { transportQueries, type DispatchRow } from './queries.ts'

const { database } = await withTestDatabase({ after })
const queries = transportQueries(database)
const SLOT = 3
const NOW = Date.now()
const at = (seconds: number): Date => new Date(NOW + seconds * 1000)

let messages = 0

/** The dispatches of a message, due in so many seconds. */
async function message(recipients: readonly string[], due = 0): Promise<string> {
  const id = `${++messages}@test`
  for (const recipient of recipients)
    await database.transactor.call(
      SLOT,
      `insert into dispatch (slot, pec_msgid, recipient, next_attempt, attempts, watch_at) values ($1, $2, $3, $4, 1, $5)`,
      [SLOT, id, recipient, at(due), at(1e6)],
    )
  return id
}

async function rowsOf(id: string): Promise<Record<string, DispatchRow & { next_attempt: Date | number }>> {
  const rows = await database.reader.read<DispatchRow & { next_attempt: Date | number }>(
    'select * from dispatch where slot = $1 and pec_msgid = $2',
    [SLOT, id],
  )
  return Object.fromEntries(rows.map((row) => [row.recipient, row]))
}

async function sent(id: string, recipients: readonly string[], final = false): Promise<void> {
  const facts = { pecMsgid: id, msgid: null, sender: 'mario@pec.test', recipients, subject: '' }
  await queries.sent(
    SLOT,
    id,
    recipients,
    final,
    ledgerEntry('relayed', instantOf(NOW), facts, { related: [], provider: 'Gestore' }),
  )
}

const told = async (id: string): Promise<string[][]> =>
  (
    await database.reader.read<{ recipients: string[] }>(
      'select recipients from ledger_entry where pec_msgid = $1 order by seq',
      [id],
    )
  ).map(({ recipients }) => recipients)

test('I6: what was handed over is told once of each recipient, also where a part of it was before, or a receipt was faster', async () => {
  const id = await message(['a@x', 'b@x', 'c@x'])
  await sent(id, ['b@x'])
  await database.transactor.call(
    SLOT,
    `update dispatch set outcome = 'delivered', closed_at = $3 where slot = $1 and recipient = 'c@x' and pec_msgid = $2`,
    [SLOT, id, at(1)],
  )
  await sent(id, ['c@x', 'b@x', 'a@x'], true)
  await sent(id, ['a@x', 'b@x', 'c@x'], true)
  assert.deepEqual(await told(id), [['b@x'], ['a@x', 'c@x']])
  const rows = await rowsOf(id)
  assert.deepEqual(
    ['a@x', 'b@x', 'c@x'].map((recipient) => rows[recipient]?.outcome),
    ['relayed', null, 'delivered'],
  )
})

test('a lease that is kept never brings anything forward, and keeps nothing that is with the other server', async () => {
  const id = await message(['a@x', 'b@x', 'c@x'], 10)
  await queries.deferDispatches(SLOT, id, [{ recipient: 'b@x', next: at(600), error: '4.2.1 later' }])
  await sent(id, ['c@x'])
  await queries.renewDispatches(SLOT, id, ['a@x', 'b@x', 'c@x'], at(20))
  const rows = await rowsOf(id)
  assert.deepEqual(rows['a@x']?.next_attempt, at(20))
  assert.deepEqual(rows['b@x']?.next_attempt, at(600))
  assert.equal(rows['c@x']?.next_attempt, Infinity)
})

test('what was claimed and given back was not tried', async () => {
  const id = await message(['a@x', 'b@x'], -100)
  const claimed = await queries.claimDispatches(SLOT, at(0), at(20), 10)
  assert.deepEqual(
    claimed.filter((row) => row.pec_msgid === id).map(({ attempts }) => attempts),
    [2, 2],
  )
  await queries.giveBackDispatches(SLOT, id, ['a@x'], at(15))
  const rows = await rowsOf(id)
  assert.deepEqual([rows['a@x']?.attempts, rows['a@x']?.next_attempt], [1, at(15)])
  assert.deepEqual([rows['b@x']?.attempts, rows['b@x']?.next_attempt], [2, at(20)])
})

test('claims take as many as they may, the first first, however many are due', async () => {
  const recipients = Array.from({ length: 50 }, (_, index) => `r${String(index).padStart(2, '0')}@x`)
  const ids = await Promise.all(recipients.map((recipient, index) => message([recipient], -1000 + index)))
  const claims = await Promise.all(Array.from({ length: 3 }, () => queries.claimDispatches(SLOT, at(-500), at(20), 10)))
  assert.deepEqual(
    claims.map((rows) => rows.length),
    [10, 10, 10],
  )
  assert.deepEqual(
    claims
      .flat()
      .map(({ pec_msgid }) => pec_msgid)
      .sort(),
    ids.slice(0, 30).sort(),
  )
})
