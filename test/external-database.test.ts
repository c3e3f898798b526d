/** A provider on a PostgreSQL that somebody else runs (DATABASE_URL). */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEmbeddedPostgres } from '../src/storage/embedded-postgres.ts'
import { defer } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

test('a provider works on an external database, and again after a restart', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const log = { info: () => undefined, warn: (message: string) => t.diagnostic(message) }
  const postgres = await startEmbeddedPostgres({ folder: join(temporaryFolder(t), 'postgres'), log })
  defer(t, () => postgres.stop())
  const { host, user, database, port } = postgres.connection
  const environment = { DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}` }
  const first = await startProvider(t, { environment })
  const [mario, lucia] = first.accounts
  const message = plainMessage(mario.address, [lucia.address])
  assert.equal((await submit(first, { account: mario, recipients: [lucia.address], message })).code, 0)
  await waitForMessages(await openMailbox(t, first, mario), 2)
  await consistent(first)
  await first.stop()
  const second = await startProvider(t, { environment, dataFolder: first.dataFolder })
  await waitForMessages(await openMailbox(t, second, lucia), 1)
  assert.equal((await submit(second, { account: mario, recipients: [lucia.address], message })).code, 0)
  await waitForMessages(await openMailbox(t, second, mario), 4)
  await consistent(second)
})
