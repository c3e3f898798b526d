/**
 * `npm run bench`: certified messages per second over real TLS submission, against the signatures that the machine can make in the same
 * run. docs/benchmarks.md explains how to read it. `npm run bench -- SECONDS` sets how long each size is driven (default 10).
 */
import { readdirSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../src/storage/database.ts'
import { embeddedConnection } from '../src/storage/embedded-postgres.ts'
import { connectMailbox } from '../test/support/mailbox-reader.ts'
import { startProvider, type Account, type Provider } from '../test/support/provider.ts'
import { signaturesPerSecond } from './baseline.ts'
import { Submitter, type Sent } from './load.ts'
import { cpuMilliseconds, memoryOf } from './processes.ts'
import { waitForCount, watchReceipts } from './receipts.ts'

const SIZES = [
  ['1 KB', 1000],
  ['10 KB', 10_000],
  ['100 KB', 100_000],
  ['1 MB', 1_000_000],
] as const
const CONNECTIONS = 10
/** An acceptance, an envelope and a delivery receipt are sealed for each message. */
const SEALS_PER_MESSAGE = 3
const WARM_UP_MS = 5000

const seconds = Number(process.argv[2] ?? 10)
const cleanups: (() => Promise<void> | void)[] = []

/** Processes of the provider: the server, and the postmaster, which detaches from it. */
const rootsOf = (provider: Provider): number[] => [provider.pid, provider.postmaster()]

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

async function createAccounts(provider: Provider): Promise<{ senders: Account[]; recipients: string[] }> {
  const domain = provider.accounts[0].address.split('@')[1]
  const make = async (name: string): Promise<Account> => {
    const { stdout } = await provider.ceralacca('mailbox', 'create', `${name}@${domain}`, '--quota', '100000000000', '--json')
    return JSON.parse(stdout) as Account
  }
  const senders: Account[] = []
  const recipients: string[] = []
  for (let index = 0; index < CONNECTIONS; index++) {
    senders.push(await make(`sender${index}`))
    recipients.push((await make(`recipient${index}`)).address)
  }
  return { senders, recipients }
}

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}

/** Prints a line of the table: a name of 10 characters, then columns of 12. */
const print = (name: string, ...cells: string[]): void =>
  console.log(name.padEnd(10) + cells.map((cell) => cell.padStart(12)).join(''))
const milliseconds = (values: readonly number[]): string =>
  `${percentile(values, 0.5).toFixed(0)} / ${percentile(values, 0.99).toFixed(0)}`

try {
  const provider = await startProvider({ after: (work) => void cleanups.push(work) })
  const database = openDatabase(embeddedConnection(join(provider.dataFolder, 'postgres')).connection, { max: 2 })
  cleanups.unshift(() => database.close())
  const stored = async (): Promise<number> => {
    const [row] = await database.reader.read<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
    return (row?.bytes ?? 0) + folderBytes(join(provider.dataFolder, 'blobs'))
  }
  const [durable] = await database.reader.read<{ fsync: string; commit: string }>(
    "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
  )
  const { senders, recipients } = await createAccounts(provider)
  const submitters = await Promise.all(senders.map((account) => Submitter.open(provider, account)))
  const inboxes = await Promise.all(senders.map((account) => connectMailbox(provider, account)))
  const signatures = await signaturesPerSecond()
  console.log(`${cpus().length} cores, ${cpus()[0]?.model}; fsync ${durable?.fsync}, synchronous_commit ${durable?.commit}`)
  console.log(
    `openssl speed: ${signatures.toFixed(0)} RSA-2048 signatures/s, so at most ${(signatures / SEALS_PER_MESSAGE).toFixed(0)} certified/s`,
  )
  console.log(`${CONNECTIONS} connections, ${seconds} s a size, load on the same machine; milliseconds as p50 / p99\n`)
  print('size', 'certified/s', 'ratio', 'CPU ms/msg', 'to 250', 'to receipts', 'stored/sent', 'RSS MB')

  /** messages that each sender's inbox must hold by now */
  const expected = senders.map(() => 0)

  /** All connections send for so long; answers what each sent, once every receipt is in its mailbox. */
  async function drive(size: number, duration: number): Promise<Sent[][]> {
    const started = performance.now()
    const sent = await Promise.all(
      submitters.map(async (submitter, index) => {
        const all: Sent[] = []
        while (performance.now() - started < duration) all.push(await submitter.send(recipients[index] ?? '', size))
        return all
      }),
    )
    sent.forEach((all, index) => (expected[index] = (expected[index] ?? 0) + 2 * all.length))
    await Promise.all(inboxes.map((client, index) => waitForCount(client, expected[index] ?? 0)))
    return sent
  }

  // Not counted: the compiler and the caches of the database warm up, as they are in a server that runs for weeks.
  await drive(1000, WARM_UP_MS)
  for (const [name, size] of SIZES) {
    const roots = rootsOf(provider)
    const [storedBefore, cpuBefore, started] = [await stored(), cpuMilliseconds(roots), performance.now()]
    const all = (await drive(size, seconds * 1000)).flat()
    const elapsed = (performance.now() - started) / 1000
    const cpu = cpuMilliseconds(roots) - cpuBefore
    const bytes = all.reduce((sum, message) => sum + message.bytes, 0)
    const storedShare = ((await stored()) - storedBefore) / bytes
    const memory = memoryOf(provider.pid).now
    // Under the same load once more, now with a client that looks at each receipt.
    const watch = await watchReceipts(provider, senders[0] as Account)
    const watched = (await drive(size, (seconds * 1000) / 2))[0] ?? []
    while (watched.some(({ msgid }) => !watch.bothSeen.has(msgid))) await new Promise((resolve) => setTimeout(resolve, 20))
    watch.close()
    const rate = all.length / elapsed
    print(
      name,
      rate.toFixed(0),
      (rate / (signatures / SEALS_PER_MESSAGE)).toFixed(2),
      (cpu / all.length).toFixed(2),
      milliseconds(all.map(({ accepted, endOfData }) => accepted - endOfData)),
      milliseconds(watched.map(({ msgid, endOfData }) => (watch.bothSeen.get(msgid) ?? Number.NaN) - endOfData)),
      storedShare.toFixed(2),
      memory.toFixed(0),
    )
  }
  console.log(`\npeak memory of the server: ${memoryOf(provider.pid).peak.toFixed(0)} MB`)
  for (const submitter of submitters) submitter.close()
  for (const client of inboxes) client.close()
  const check = await provider.ceralacca('check')
  console.log(check.stdout.trim())
  process.exitCode = check.code ?? 1
} finally {
  for (const work of cleanups) await work()
}
