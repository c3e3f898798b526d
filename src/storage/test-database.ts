/** For tests of every room: a real embedded PostgreSQL in a folder of its own, with all migrations, gone at the end of the test. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBlobs } from './blobs.ts'
import type { Blobs } from './blobs.ts'
import type { ConnectionSettings } from './connection.ts'
import { createDatabaseBlobStore } from './database-blob-store.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { createDiskBlobStore } from './disk-blob-store.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { migrate } from './migrations.ts'

export interface TestDatabase {
  readonly database: Database
  readonly connection: ConnectionSettings
  readonly blobs: Blobs
  /** a folder for the test's own files */
  readonly folder: string
}

/**
 * Where to clean up: a test's context, or `{ after }` of node:test for a whole file, at its top level:
 * `const { database } = await withTestDatabase({ after })`. (Within `before` an `after` would run at once.)
 */
export interface TestScope {
  after(clean: () => Promise<void> | void): void
}

/**
 * A scope that cleans up in the reverse order: what was made last goes first. (node:test keeps the order.) All of it is tried, for a
 * server that is left running keeps the test process alive; the first error is reported.
 */
export function lastFirst(scope: TestScope): TestScope {
  const cleaners: (() => Promise<void> | void)[] = []
  scope.after(async () => {
    const errors: unknown[] = []
    for (const clean of cleaners.reverse()) {
      try {
        await clean()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  })
  return { after: (clean) => cleaners.push(clean) }
}

/** Takes about a second: start one per test file, and let each test use mailboxes of its own. */
export async function withTestDatabase(scope: TestScope): Promise<TestDatabase> {
  const last = lastFirst(scope)
  const folder = testFolder(last)
  const server = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    log: { info: () => undefined, warn: console.warn },
  })
  const database = openDatabase(server.connection)
  last.after(() => server.stop())
  last.after(() => database.close())
  await migrate(server.connection)
  const blobs = createBlobs({
    disk: createDiskBlobStore(join(folder, 'blobs')),
    database: createDatabaseBlobStore(database),
  })
  return { database, connection: server.connection, blobs, folder }
}

/** A temporary folder that goes with the test. Others may pass it: as root, PostgreSQL runs as another user. */
export function testFolder(scope: TestScope): string {
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-test-'))
  chmodSync(folder, 0o711)
  scope.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}
