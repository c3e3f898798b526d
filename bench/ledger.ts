/**
 * `npm run bench -- ledger [ENTRIES]`: a ledger of 30 monthly partitions, sealed: how many entries `ledger verify` checks in a second, by the
 * clock and by the CPU of all processes, and how long the look-up of one message's history takes. docs/benchmarks.md tells how to read it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpus, loadavg } from 'node:os'
import { Client } from 'pg'
import { entriesOf } from '../src/ledger/queries.ts'
import { retentionQueries } from '../src/ledger/retention-queries.ts'
import { monthStart } from '../src/ledger/retention-time.ts'
import { createSealing } from '../src/ledger/sealing.ts'
import { sealingQueries } from '../src/ledger/sealing-queries.ts'
import { verifyLedger } from '../src/ledger/verify.ts'
import { openDatabase, type Reader } from '../src/storage/database.ts'
import { withTestDatabase, type TestScope } from '../src/storage/test-database.ts'
import { fillLedger, MONTHS } from './ledger/fill.ts'
import { percentile } from './percentile.ts'
import { cpuMilliseconds } from './processes.ts'

const ROUNDS = 3
const LOOKUPS = 1000
const FIRST_LOOKUPS = 20

/** Time and CPU of what `work` does: of this process, and of PostgreSQL's. */
async function measured<T>(database: number, work: () => Promise<T>) {
  const started = { at: performance.now(), own: process.cpuUsage(), database: cpuMilliseconds([database]) }
  const result = await work()
  const { user, system } = process.cpuUsage(started.own)
  return {
    result,
    seconds: (performance.now() - started.at) / 1000,
    own: (user + system) / 1e6,
    database: (cpuMilliseconds([database]) - started.database) / 1000,
  }
}

async function lookUps(reader: Reader, ids: readonly string[]): Promise<number[]> {
  const times: number[] = []
  for (const id of ids) {
    const started = performance.now()
    const { length } = await entriesOf(reader, id)
    times.push(performance.now() - started)
    if (length !== 3) throw new Error(`${id} has ${length} entries`)
  }
  return times
}

const shown = (times: readonly number[]): string => [0.5, 0.99, 1].map((share) => percentile(times, share).toFixed(2)).join(' / ')

/** Answers whether the ledger is as it was sealed. */
export async function benchLedger(owner: TestScope, [wanted = '600000']: readonly string[]): Promise<boolean> {
  const { connection, folder } = await withTestDatabase(owner)
  const postmaster = Number.parseInt(readFileSync(join(folder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8'), 10)
  const open = (): ReturnType<typeof openDatabase> => {
    const database = openDatabase(connection, { max: 4 })
    owner.after(() => database.close())
    return database
  }
  const database = open()
  const raw = new Client(connection)
  await raw.connect()
  owner.after(() => raw.end())

  const end = monthStart(Date.now(), MONTHS)
  const { addPartition } = retentionQueries(database)
  const entries = await fillLedger(raw, addPartition, Number(wanted))
  console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; ${entries} entries in ${MONTHS} partitions`)

  const sealing = createSealing({
    queries: sealingQueries(database),
    holder: '00000000-0000-7000-8000-000000000001',
    now: () => end,
  })
  const sealed = await measured(postmaster, () => sealing.sealAll())
  console.log(`seal: ${perEntry(entries, sealed)}`)

  let good = true
  for (let round = 0; round < ROUNDS; round++) {
    const request = { from: null, to: null, files: false }
    const verified = await measured(postmaster, () => verifyLedger({ ...database, folder, roots: [], now: () => end }, request))
    good &&= verified.result.problems.length === 0 && verified.result.entries === entries
    console.log(`verify: ${perEntry(entries, verified)}`)
  }

  const rows = await raw.query<{ id: string }>(
    `select pec_msgid as id from (select distinct pec_msgid from ledger_entry) m order by md5(pec_msgid) limit ${LOOKUPS}`,
  )
  const ids = rows.rows.map(({ id }) => id)
  const fresh = open()
  const first = await lookUps(fresh.reader, ids.slice(0, FIRST_LOOKUPS))
  console.log(
    `look-up: the first on a connection ${first[0]?.toFixed(2)} ms; the next ${FIRST_LOOKUPS - 1}, p50 / p99 / most ${shown(first.slice(1))} ms`,
  )
  const again = await lookUps(fresh.reader, ids)
  console.log(`look-up: ${LOOKUPS} others, p50 / p99 / most ${shown(again)} ms`)
  return good
}

function perEntry(entries: number, { seconds, own, database }: { seconds: number; own: number; database: number }): string {
  const rate = (time: number): string => (entries / time).toFixed(0)
  const micros = (time: number): string => ((time / entries) * 1e6).toFixed(1)
  return `${rate(seconds)} entries/s; ${rate(own)} per second of its own CPU (${micros(own)} µs each, PostgreSQL's ${micros(database)} µs)`
}
