import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Client } from 'pg'
import type { ConnectionSettings } from './connection.ts'
import { migrate, readMigrations } from './migrations.ts'
import { withTestDatabase } from './test-database.ts'

const { connection, folder } = await withTestDatabase({ after })

async function admin(database: string, sql: string): Promise<unknown[]> {
  const client = new Client({ ...connection, database })
  await client.connect()
  try {
    return (await client.query(sql)).rows as unknown[]
  } finally {
    await client.end()
  }
}

let made = 0
async function emptyDatabase(): Promise<ConnectionSettings> {
  const database = `empty_${++made}`
  await admin('postgres', `create database ${database}`)
  return { ...connection, database }
}

function files(contents: Record<string, string>): string {
  mkdirSync(join(folder, 'migrations'), { recursive: true })
  const target = mkdtempSync(join(folder, 'migrations', 'm-'))
  for (const [name, sql] of Object.entries(contents)) writeFileSync(join(target, name), sql)
  return target
}

const first = `
  create table thing (slot integer not null, id integer not null, primary key (slot, id));
  create function add_thing(p_slot integer) returns void language plpgsql as $body$
  begin
    insert into thing values (p_slot, 1); -- a semicolon; in a body
  end $body$;`

test('applies what is missing, in order, once', async () => {
  const database = await emptyDatabase()
  const start = readMigrations(files({ '0001-first.sql': first, 'README.md': '' }))
  assert.deepEqual(await migrate(database, start), [1])
  assert.deepEqual(await migrate(database, start), [])
  const more = readMigrations(
    files({ '0001-first.sql': first, '0002-second.sql': 'select add_thing(3)', '0003-third.sql': 'select add_thing(4)' }),
  )
  assert.deepEqual(await migrate(database, more), [2, 3])
  assert.deepEqual(await admin(database.database, 'select slot from thing order by slot'), [{ slot: 3 }, { slot: 4 }])
  assert.deepEqual(await admin(database.database, 'select version, name from schema_migration order by 1'), [
    { version: 1, name: 'first' },
    { version: 2, name: 'second' },
    { version: 3, name: 'third' },
  ])
})

test('several processes at once: each migration is applied by one of them', async () => {
  const database = await emptyDatabase()
  const migrations = readMigrations(files({ '0001-first.sql': first, '0002-second.sql': 'select add_thing(3)' }))
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(database, migrations)))
  assert.deepEqual(
    applied.flat().sort((a, b) => a - b),
    [1, 2],
  )
})

test('a migration that fails leaves nothing of itself, and can be repaired', async () => {
  const database = await emptyDatabase()
  const broken = { '0001-first.sql': first, '0002-second.sql': 'create table half (id int); select 1 / 0;' }
  await assert.rejects(migrate(database, readMigrations(files(broken))), {
    code: 'migration-failed',
    message: /migration 2 \(second\): division by zero/,
  })
  assert.deepEqual(await admin(database.database, `select to_regclass('half') as half`), [{ half: null }])
  const repaired = readMigrations(files({ ...broken, '0002-second.sql': 'create table half (id int)' }))
  assert.deepEqual(await migrate(database, repaired), [2])
})

test('refuses a migration that changed after it was applied', async () => {
  const database = await emptyDatabase()
  await migrate(database, readMigrations(files({ '0001-first.sql': first })))
  const changed = readMigrations(files({ '0001-first.sql': `${first} `, '0002-second.sql': 'select 1' }))
  await assert.rejects(migrate(database, changed), {
    code: 'migration-changed',
    fault: 'client',
    message: /Migration 1 \(first\)/,
  })
})

test('refuses a database of a later version', async () => {
  const database = await emptyDatabase()
  const later = { '0001-first.sql': first, '0002-second.sql': 'select 1' }
  await migrate(database, readMigrations(files(later)))
  const earlier = readMigrations(files({ '0001-first.sql': first }))
  await assert.rejects(migrate(database, earlier), { code: 'schema-too-new', fault: 'client', message: /version 2, .* 1 only/ })
})

test('refuses gaps, doubles and other names', () => {
  for (const contents of [
    { '0002-second.sql': '' },
    { '0001-first.sql': '', '0003-third.sql': '' },
    { '0001-first.sql': '', '0001-other.sql': '' },
    { '1-first.sql': '' },
  ]) {
    assert.throws(() => readMigrations(files(contents)), { code: 'migration-order', fault: 'bug' })
  }
})
