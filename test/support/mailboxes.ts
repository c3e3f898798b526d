/** Many mailboxes of a running provider at once, made as `ceralacca mailbox create` makes each, without a process for each. */
import { randomUUID } from 'node:crypto'
import { dataPaths, readConfig } from '../../src/config/config.ts'
import { openInstallation } from '../../src/wiring/installation.ts'
import { embeddedConnection } from '../../src/storage/embedded-postgres.ts'
import type { Provider } from './provider.ts'

export async function makeMailboxes({ environment, dataFolder }: Provider, addresses: readonly string[]): Promise<void> {
  const config = readConfig(environment)
  const installation = openInstallation(config, embeddedConnection(dataPaths(dataFolder).postgres).connection)
  try {
    for (const address of addresses) await installation.mailboxes.create(address, randomUUID(), config.values.CERALACCA_QUOTA)
  } finally {
    await installation.database.close()
  }
}
