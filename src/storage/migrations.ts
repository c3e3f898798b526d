/**
 * Brings the schema forward: the numbered files of `migrations/`, each in one transaction, never back.
 *
 * A file that was applied is never edited: its checksum is kept, and another text is refused, for nobody could tell any more
 * what the database looks like. Called by `main`, the CLI and tests, before anything else uses the database.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { CeralaccaError, clientError } from '../base/errors.ts'
import { clientConfig } from './connection.ts'
import type { DatabaseAddress } from './connection.ts'
import { databaseError, isConflict, sqlState } from './database-errors.ts'

export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/

/** The migrations of a folder (default: ours), by number. Throws a bug if a number is missing or used twice. */
export function readMigrations(folder = join(import.meta.dirname, 'migrations')): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  return files.map((file, index) => {
    const [, number, name] = FILE_NAME.exec(file) ?? []
    if (name === undefined || Number(number) !== index + 1) {
      throw new CeralaccaError('migration-order', 'bug', `${file}: expected ${String(index + 1).padStart(4, '0')}-name.sql here`)
    }
    const sql = readFileSync(join(folder, file), 'utf8')
    return { version: index + 1, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}

/**
 * Applies what is missing; answers the versions applied now. Several processes may do it at once: one works, the others wait.
 *
 * Errors: `migration-changed` (an applied file has another text), `schema-too-new` (the database is of a later version of
 * Ceralacca), `migration-failed` with the cause.
 */
export async function migrate(address: DatabaseAddress, migrations: readonly Migration[] = readMigrations()): Promise<number[]> {
  const client = new Client(clientConfig(address, 'ceralacca migrate'))
  // What breaks the connection also fails the statement under way.
  client.on('error', () => undefined)
  const applied: number[] = []
  try {
    await client.connect()
    await makeVersionTable(client)
    for (const migration of migrations) if (await applyOnce(client, migration, migrations)) applied.push(migration.version)
    return applied
  } catch (error) {
    throw databaseError(error, false)
  } finally {
    await client.end()
  }
}

async function makeVersionTable(client: Client): Promise<void> {
  try {
    await client.query(`create table if not exists schema_migration (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null)`)
  } catch (error) {
    // Two processes at the same time: the other one made it (duplicate table, type, or row of the catalogue).
    if (!['42P07', '42710', '23505'].includes(sqlState(error) ?? '')) throw error
  }
}

/**
 * One migration in one transaction. A table lock keeps others waiting: it is given back with the transaction, and a distributed
 * database knows it, which cannot be said of advisory locks.
 */
async function applyOnce(client: Client, migration: Migration, migrations: readonly Migration[]): Promise<boolean> {
  await client.query('begin')
  try {
    await client.query('lock table schema_migration in exclusive mode')
    const rows = (await client.query('select version, name, checksum from schema_migration order by version')).rows as Migration[]
    checkApplied(rows, migrations)
    const missing = !rows.some((row) => row.version === migration.version)
    if (missing) {
      await runFile(client, migration)
      const row = [migration.version, migration.name, migration.checksum, new Date()]
      await client.query('insert into schema_migration (version, name, checksum, applied_at) values ($1, $2, $3, $4)', row)
    }
    await client.query('commit')
    return missing
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** Without parameters the whole file is one simple query, so several statements and dollar-quoted bodies go as they are. */
async function runFile(client: Client, { version, name, sql }: Migration): Promise<void> {
  try {
    await client.query(sql)
  } catch (error) {
    if (isConflict(error) || sqlState(error) === undefined) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new CeralaccaError('migration-failed', 'permanent', `migration ${version} (${name}): ${message}`, { cause: error })
  }
}

function checkApplied(rows: readonly Migration[], migrations: readonly Migration[]): void {
  for (const row of rows) {
    const known = migrations[row.version - 1]
    if (!known) {
      throw clientError(
        'schema-too-new',
        `The database has schema version ${rows.length}, and this Ceralacca knows ${migrations.length} only: ` +
          'a later version was used on it. Start that version again; the schema does not go back.',
      )
    }
    if (known.checksum !== row.checksum) {
      throw clientError(
        'migration-changed',
        `Migration ${row.version} (${row.name}) was applied with another text than migrations/ holds now. ` +
          'Restore the file as it was, and put the change into a new migration.',
      )
    }
  }
}
