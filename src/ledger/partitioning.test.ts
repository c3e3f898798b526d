/** The migration that partitions the ledger loses nothing of what was written before it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { openDatabase } from '../storage/database.ts'
import { migrate, readMigrations } from '../storage/migrations.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { entriesOf } from './queries.ts'
import { createSealing } from './sealing.ts'
import { sealingQueries } from './sealing-queries.ts'
import { verifyLedger } from './verify.ts'

const scope = lastFirst({ after })
const { connection, folder } = await withTestDatabase(scope)

test('entries written before are there afterwards, are sealed, and go on', async () => {
  const admin = new Client({ ...connection, database: 'postgres' })
  await admin.connect()
  await admin.query('create database before')
  await admin.end()
  const address = { ...connection, database: 'before' }
  const migrations = readMigrations()
  const released = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name === 'sealed-ledger'),
  )
  await migrate(address, released)
  const database = openDatabase(address, { max: 2 })
  scope.after(() => database.close())
  const append = async (at: string): Promise<void> => {
    const entry = { event: 'accepted', pecMsgid: 'a@b', sender: 's', recipients: ['r'], subject: '', related: [], provider: 'x' }
    const entries = JSON.stringify([{ ...entry, at: Date.parse(at) }])
    await database.transactor.call(17, 'select ledger_append($1, $2)', [17, entries])
  }
  await append('2024-05-01T10:00:00Z')
  await append('2026-03-15T10:00:00Z')
  const rows = (): Promise<object[]> => database.reader.read('select * from ledger_entry order by seq')
  const before = await rows()
  await migrate(address, migrations)
  assert.deepEqual(await rows(), before)
  await append('2026-03-15T10:00:01Z')
  await append('2099-01-01T00:00:00Z')
  assert.deepEqual(
    (await entriesOf(database.reader, 'a@b')).map(({ seq }) => seq),
    [1, 2, 3, 4],
  )
  const now = (): number => Date.parse('2099-01-01T00:01:00Z')
  const sealing = createSealing({ queries: sealingQueries(database), holder: '00000000-0000-7000-8000-000000000001', now })
  assert.deepEqual(await sealing.sealAll(), { segments: 1, entries: 4 })
  const report = await verifyLedger({ reader: database.reader, folder, roots: [], now }, { from: null, to: null, files: true })
  assert.deepEqual([report.entries, report.problems], [4, []])
})
