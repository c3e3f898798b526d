/**
 * `npm run bench`: certified messages per second over real TLS submission, within one provider and between two, against the signatures that
 * the machine can make in the same run. docs/benchmarks.md explains how to read it. `npm run bench -- SECONDS` sets how long each size is
 * driven (default 10); `npm run bench -- SECONDS within` or `between` measures one of the two. `npm run bench -- mailbox [--quick]` measures
 * the mailboxes instead, beside Dovecot (mailbox.ts); `npm run bench -- ledger [ENTRIES]` the ledger (ledger.ts).
 */
import { cpus } from 'node:os'
import { startProvider } from '../test/support/provider.ts'
import { startTwoProviders } from '../test/support/two-providers.ts'
import { signaturesPerSecond } from './baseline.ts'
import { benchLedger } from './ledger.ts'
import { benchMailbox } from './mailbox.ts'
import { CONNECTIONS, openPath, type Path, type Run } from './path.ts'
import { percentile } from './percentile.ts'
import { memoryOf } from './processes.ts'

const SIZES = { '1 KB': 1000, '10 KB': 10_000, '100 KB': 100_000, '1 MB': 1_000_000 }
/** Within one provider: acceptance, envelope and delivery receipt are sealed for each message. */
const SEALS_WITHIN = 3
/** Between two the take-in-charge comes on top, and every seal is verified once on the other side: counted as a fifth. */
const SEALS_BETWEEN = 5
const WARM_UP_MS = 5000

const [, , secondsGiven = '10', only] = process.argv
const seconds = Number(secondsGiven)
const cleanups: (() => Promise<void> | void)[] = []
const owner = { after: (work: () => Promise<void> | void) => void cleanups.unshift(work) }

/** Prints a line of the table: a name of 10 characters, then columns of 12. */
const print = (name: string, ...cells: string[]): void =>
  console.log(name.padEnd(10) + cells.map((cell) => cell.padStart(12)).join(''))
const milliseconds = (values: readonly number[]): string =>
  `${percentile(values, 0.5).toFixed(0)} / ${percentile(values, 0.99).toFixed(0)}`

function printRun(name: string, run: Run, most: number, path: Path): void {
  const { sent, toReceipts } = run
  const rate = sent.length / run.seconds
  const bytes = sent.reduce((sum, message) => sum + message.bytes, 0)
  print(
    name,
    rate.toFixed(0),
    (rate / most).toFixed(2),
    (run.cpuMs / sent.length).toFixed(2),
    milliseconds(sent.map(({ accepted, endOfData }) => accepted - endOfData)),
    milliseconds(toReceipts),
    (run.storedBytes / bytes).toFixed(2),
    path.providers.map(({ pid }) => memoryOf(pid).now.toFixed(0)).join('+'),
  )
}

/** Drives a path at some sizes; answers whether all that is stored is consistent. */
async function measure(
  title: string,
  path: Path,
  sizes: Record<string, number>,
  signatures: number,
  seals: number,
): Promise<boolean> {
  const most = signatures / seals
  console.log(`\n${title}: at most ${most.toFixed(0)} certified/s (signatures/s ÷ ${seals})`)
  print('size', 'certified/s', 'ratio', 'CPU ms/msg', 'to 250', 'to receipts', 'stored/sent', 'RSS MB')
  // Not counted: the compiler and the caches of the database warm up, as they are in a server that runs for weeks.
  await path.warmUp(1000, WARM_UP_MS)
  for (const [name, size] of Object.entries(sizes)) printRun(name, await path.run(size, seconds * 1000), most, path)
  console.log(`peak memory: ${path.providers.map(({ pid }) => `${memoryOf(pid).peak.toFixed(0)} MB`).join(', ')}`)
  await path.close()
  const checks = await Promise.all(path.providers.map((provider) => provider.ceralacca('check')))
  for (const { stdout } of checks) console.log(stdout.trim())
  return checks.every(({ code }) => code === 0)
}

async function within(signatures: number): Promise<boolean> {
  const one = await startProvider(owner)
  const consistent = await measure('within one provider', await openPath(one, one), SIZES, signatures, SEALS_WITHIN)
  await one.stop()
  return consistent
}

async function between(signatures: number): Promise<boolean> {
  const { alfa, beta } = await startTwoProviders(owner)
  const sizes = { '1 KB': SIZES['1 KB'], '100 KB': SIZES['100 KB'] }
  return measure('between two providers', await openPath(alfa, beta), sizes, signatures, SEALS_BETWEEN)
}

/** Answers whether all that is stored is consistent. */
async function certified(): Promise<boolean> {
  const signatures = await signaturesPerSecond()
  console.log(`${cpus().length} cores, ${cpus()[0]?.model}`)
  console.log(`openssl speed: ${signatures.toFixed(0)} RSA-2048 signatures/s`)
  console.log(`${CONNECTIONS} connections, ${seconds} s a size, load on the same machine; milliseconds as p50 / p99`)
  const ways = { within, between }
  const good: boolean[] = []
  for (const [name, way] of Object.entries(ways)) if (only === undefined || only === name) good.push(await way(signatures))
  return good.every(Boolean)
}

try {
  const others: Record<string, typeof benchMailbox> = { mailbox: benchMailbox, ledger: benchLedger }
  const good = await (others[secondsGiven]?.(owner, process.argv.slice(3)) ?? certified())
  process.exitCode = good ? 0 : 1
} finally {
  for (const work of cleanups) await work()
}
