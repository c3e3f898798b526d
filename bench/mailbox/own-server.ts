/** Our provider as the benchmark measures it. It is filled through the mailbox store, on connections of the benchmark's own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMailboxStore } from '../../src/mailbox/store.ts'
import { registryQueries } from '../../src/registry/queries.ts'
import { createBlobs } from '../../src/storage/blobs.ts'
import { createBus } from '../../src/storage/bus.ts'
import { createDatabaseBlobStore } from '../../src/storage/database-blob-store.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createDiskBlobStore } from '../../src/storage/disk-blob-store.ts'
import { embeddedConnection } from '../../src/storage/embedded-postgres.ts'
import type { Owner } from '../../test/support/cleanup.ts'
import { freeOffset, startProvider, type Account, type Provider } from '../../test/support/provider.ts'
import { forgetFiles, type MailServer } from './mail-server.ts'
import { makeMessage } from './messages.ts'

const AT_A_TIME = 250

/** All connections come from one address, and many for one account. */
const NO_LIMITS = { CERALACCA_CONNECTIONS_PER_ADDRESS: '100000', CERALACCA_CONNECTIONS_PER_ACCOUNT: '100000' }

/** Paths of PEM files. */
export interface OwnKeys {
  readonly certificate: string
  readonly key: string
  readonly ca: string
}

/** @param main program to run instead of the CLI, as a profiler wants it */
export async function startOwnServer(owner: Owner, accounts: number, main?: string): Promise<MailServer & OwnKeys> {
  const options = { offset: await freeOffset(), environment: NO_LIMITS, ...(main !== undefined && { main }) }
  let provider = await startProvider(owner, options)
  const { dataFolder } = provider
  const server = {
    name: 'ours',
    endpoint: { port: provider.ports.imaps, ca: readFileSync(provider.ca) },
    accounts: await makeAccounts(provider, accounts),
    roots: () => [provider.pid, provider.postmaster()],
    async restart() {
      await provider.stop()
      await forgetFiles(dataFolder)
      provider = await startProvider(owner, { ...options, dataFolder })
    },
    fill: (account: Account, folder: string, first: number, count: number) => fill(provider, account, folder, first, count),
    async check() {
      const { code, stdout } = await provider.ceralacca('check')
      return { good: code === 0, says: stdout.trim() }
    },
    stop: () => provider.stop(),
    certificate: join(dataFolder, 'keys', 'tls.pem'),
    key: join(dataFolder, 'keys', 'tls-key.pem'),
    ca: provider.ca,
  }
  return server
}

async function makeAccounts(provider: Provider, count: number): Promise<Account[]> {
  const domain = provider.accounts[0].address.split('@')[1]
  const accounts: Account[] = []
  for (let index = 0; index < count; index++) {
    const address = `titolare${index}@${domain}`
    const { stdout } = await provider.ceralacca('mailbox', 'create', address, '--quota', '100000000000', '--json')
    accounts.push(JSON.parse(stdout) as Account)
  }
  return accounts
}

async function fill(provider: Provider, account: Account, folder: string, first: number, count: number): Promise<void> {
  const { connection } = embeddedConnection(join(provider.dataFolder, 'postgres'))
  const database = openDatabase(connection, { max: 2 })
  const bus = createBus({ warn: console.warn })
  try {
    const blobs = createBlobs({
      disk: createDiskBlobStore(join(provider.dataFolder, 'blobs')),
      database: createDatabaseBlobStore(database),
    })
    const store = createMailboxStore({ database, blobs, bus, now: Date.now })
    const mailbox = await registryQueries(database).find(account.address)
    if (!mailbox) throw new Error(`there is no mailbox ${account.address}`)
    if (!(await store.folder(mailbox, folder))) await store.createFolder(mailbox, folder)
    for (let at = 0; at < count; at += AT_A_TIME) {
      const requests = Array.from({ length: Math.min(AT_A_TIME, count - at) }, (_, index) => ({
        bytes: makeMessage(first + at + index),
        flags: 0,
        keywords: [],
        internalDate: 1_773_567_000_000 + (first + at + index) * 60_000,
      }))
      await store.append(mailbox, folder, requests)
    }
  } finally {
    await bus.close()
    await database.close()
  }
}
