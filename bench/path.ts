/** A way that messages take, from senders to recipients and back as receipts, and a run of load over it. */
import { join } from 'node:path'
import { readdirSync, statSync } from 'node:fs'
import type { ImapFlow } from 'imapflow'
import { openDatabase, type Database } from '../src/storage/database.ts'
import { embeddedConnection } from '../src/storage/embedded-postgres.ts'
import { connectMailbox } from '../test/support/mailbox-reader.ts'
import type { Account, Provider } from '../test/support/provider.ts'
import { Submitter, type Sent } from './load.ts'
import { cpuMilliseconds } from './processes.ts'
import { waitForCount, watchReceipts } from './receipts.ts'

export const CONNECTIONS = 10

/** What a run of one size gave. */
export interface Run {
  readonly sent: readonly Sent[]
  /** from the first send to the last receipt */
  readonly seconds: number
  readonly cpuMs: number
  /** growth of database and blobs of all providers */
  readonly storedBytes: number
  /** milliseconds from the end of the message to both receipts by IMAP, of the first sender's messages in a second run */
  readonly toReceipts: readonly number[]
}

export interface Path {
  readonly providers: readonly Provider[]
  /** Sends for so long, not counted. */
  warmUp(size: number, ms: number): Promise<void>
  run(size: number, ms: number): Promise<Run>
  close(): Promise<void>
}

/** Senders at `from`, recipients at `to`: the same provider, or another one. */
export async function openPath(from: Provider, to: Provider): Promise<Path> {
  const providers = from === to ? [from] : [from, to]
  const databases = providers.map(databaseOf)
  const senders = await makeAccounts(from, 'sender')
  const recipients = await makeAccounts(to, 'recipient')
  const submitters = await Promise.all(senders.map((account) => Submitter.open(from, account)))
  const inboxes = await Promise.all(senders.map((account) => connectMailbox(from, account)))
  /** messages that each sender's inbox must hold by now */
  const expected = senders.map(() => 0)

  const roots = (): number[] => providers.flatMap((provider) => [provider.pid, provider.postmaster()])
  const stored = async (): Promise<number> => {
    const sizes = await Promise.all(providers.map((provider, index) => storedBytes(provider, databases[index] as Database)))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** All connections send for so long; answers what each sent, once every receipt is in its mailbox. */
  async function drive(size: number, ms: number): Promise<Sent[][]> {
    const started = performance.now()
    const sent = await Promise.all(
      submitters.map(async (submitter, index) => {
        const all: Sent[] = []
        while (performance.now() - started < ms) all.push(await submitter.send(recipients[index]?.address ?? '', size))
        return all
      }),
    )
    sent.forEach((all, index) => (expected[index] = (expected[index] ?? 0) + 2 * all.length))
    await Promise.all(inboxes.map((client: ImapFlow, index) => waitForCount(client, expected[index] ?? 0)))
    return sent
  }

  /** Under the same load once more, now with a client that looks at each receipt. */
  async function driveWatched(size: number, ms: number): Promise<number[]> {
    const watch = await watchReceipts(from, senders[0] as Account)
    const watched = (await drive(size, ms))[0] ?? []
    while (watched.some(({ msgid }) => !watch.bothSeen.has(msgid))) await new Promise((resolve) => setTimeout(resolve, 20))
    watch.close()
    return watched.map(({ msgid, endOfData }) => (watch.bothSeen.get(msgid) ?? Number.NaN) - endOfData)
  }

  return {
    providers,
    async warmUp(size, ms) {
      await drive(size, ms)
    },
    async run(size, ms) {
      const [storedBefore, cpuBefore, started] = [await stored(), cpuMilliseconds(roots()), performance.now()]
      const sent = (await drive(size, ms)).flat()
      const seconds = (performance.now() - started) / 1000
      const cpuMs = cpuMilliseconds(roots()) - cpuBefore
      const storedBytes = (await stored()) - storedBefore
      return { sent, seconds, cpuMs, storedBytes, toReceipts: await driveWatched(size, ms / 2) }
    },
    async close() {
      for (const submitter of submitters) submitter.close()
      for (const client of inboxes) client.close()
      await Promise.all(databases.map((database) => database.close()))
    },
  }
}

const databaseOf = (provider: Provider): Database =>
  openDatabase(embeddedConnection(join(provider.dataFolder, 'postgres')).connection, { max: 2 })

async function makeAccounts(provider: Provider, name: string): Promise<Account[]> {
  const domain = provider.accounts[0].address.split('@')[1]
  const accounts: Account[] = []
  for (let index = 0; index < CONNECTIONS; index++) {
    const address = `${name}${index}@${domain}`
    const { stdout } = await provider.ceralacca('mailbox', 'create', address, '--quota', '100000000000', '--json')
    accounts.push(JSON.parse(stdout) as Account)
  }
  return accounts
}

async function storedBytes(provider: Provider, database: Database): Promise<number> {
  const [row] = await database.reader.read<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  const files = readdirSync(join(provider.dataFolder, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
  return (row?.bytes ?? 0) + files
}
