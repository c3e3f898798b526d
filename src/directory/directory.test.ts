import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { EventSink } from '../base/events.ts'
import type { Database } from '../storage/database.ts'
import { withTestDatabase } from '../storage/test-database.ts'
import { createDirectory } from './directory.ts'
import { indexRecords } from './directory-index.ts'
import { directoryQueries } from './queries.ts'
import type { ProviderRecord } from './types.ts'

const { database } = await withTestDatabase({ after })
const queries = directoryQueries(database)
const clock = { ms: Date.UTC(2026, 5, 1) }
const now = (): number => clock.ms

// The index never looks into a certificate.
const record = (
  name: string,
  domains: readonly string[],
  certificates: readonly Buffer[] = [randomBytes(40)],
): ProviderRecord => ({
  name,
  unit: null,
  mailReceipt: `ricevute@${domains[0]}`,
  domains,
  certificates,
  ldifUrl: null,
  description: null,
})
const own = record('Noi', ['noi.test'])

async function store(records: readonly ProviderRecord[]): Promise<number> {
  const holder = randomUUID()
  assert.ok(await queries.claim(holder, { at: now(), until: now() + 60_000, dueOnly: false }))
  const copy = { records, sha256: randomBytes(32), signer: randomBytes(8), signedAt: null }
  return queries.replace(holder, copy, { at: now(), next: now() + 1000 })
}

/** A directory whose reads are counted. */
function openDirectory(report: EventSink = assert.fail) {
  let reads = 0
  const counting: Database = {
    ...database,
    reader: {
      read: (sql, params) => {
        reads++
        return database.reader.read(sql, params)
      },
    },
  }
  return { directory: createDirectory({ database: counting, own: async () => own, now, report }), reads: () => reads }
}

test('before the first copy the own record is known', async () => {
  const { directory } = openDirectory()
  assert.equal(await directory.providerOf('NOI.test'), own)
  assert.equal(await directory.providerOfCertificate(own.certificates[0] ?? assert.fail()), own)
  assert.equal(await directory.providerOf('uno.test'), undefined)
  assert.deepEqual(await directory.records(), [own])
})

test('what is stored is what is read: environments, several certificates, empty fields', async () => {
  const uno = {
    ...record('Uno', ['uno.test', 'due.uno.test'], [randomBytes(30), randomBytes(2000)]),
    ldifUrl: 'https://uno.test/',
  }
  const secondary = { ...record('Uno', ['tre.uno.test']), unit: 'Secondario', description: 'à "quoted" {array,NULL}' }
  const version = await store([uno, secondary])
  assert.deepEqual(await queries.stored(), { version, records: [uno, secondary] })
  const { directory } = openDirectory()
  assert.deepEqual(await directory.providerOf('Due.Uno.TEST'), uno)
  assert.deepEqual(await directory.providerOfCertificate(Buffer.from(uno.certificates[1] ?? assert.fail())), uno)
  assert.deepEqual(await directory.providerOf('tre.uno.test'), secondary)
  assert.equal(await directory.providerOf('quattro.uno.test'), undefined)
  assert.equal(await directory.providerOfCertificate(randomBytes(30)), undefined)
})

test('another copy is used two seconds later at most, and looked for no more often', async () => {
  await store([record('Uno', ['uno.test'])])
  const { directory, reads } = openDirectory()
  assert.ok(await directory.providerOf('uno.test'))
  const before = reads()
  await store([record('Due', ['due.test'])])
  clock.ms += 1999
  for (let count = 0; count < 100; count++) assert.ok(await directory.providerOf('uno.test'))
  assert.equal(reads(), before)
  clock.ms += 1
  const answers = await Promise.all(Array.from({ length: 50 }, () => directory.providerOf('due.test')))
  assert.ok(answers.every((answer) => answer?.name === 'Due'))
  assert.equal(await directory.providerOf('uno.test'), undefined)
  // Fifty who ask at once look once: whether there is another copy, and that.
  assert.equal(reads(), before + 2)
  clock.ms += 2000
  assert.ok(await directory.providerOf('due.test'))
  assert.equal(reads(), before + 3)
})

test('a reader sees one copy or the other, never half of each', async () => {
  const domains = Array.from({ length: 200 }, (_, index) => `d${index}.test`)
  const copies = ['A', 'B'].map((name) =>
    [0, 1, 2].map((part) => record(`${name}${part}`, domains.slice(part * 60, part * 60 + 60))),
  )
  await store(copies[0] ?? [])
  const writing = new AbortController()
  const seen = new Set<string>()
  const reading = (async () => {
    while (!writing.signal.aborted) {
      const { records } = await queries.stored()
      const names = new Set(records.map(({ name }) => name.slice(0, 1)))
      const whole =
        records.length === 3 && records.every(({ domains, certificates }) => domains.length === 60 && certificates.length === 1)
      assert.ok(whole && names.size === 1, JSON.stringify(records.map(({ name, domains }) => [name, domains.length])))
      for (const name of names) seen.add(name)
    }
  })()
  try {
    for (let count = 1; count <= 12; count++) await store(copies[count % 2] ?? [])
    while (seen.size < 2) await store(copies[seen.has('A') ? 1 : 0] ?? [])
  } finally {
    writing.abort()
    await reading
  }
})

test('a failed replacement leaves the last good copy', async () => {
  const version = await store([record('Uno', ['uno.test'])])
  const bad = { ...record('Due', ['due.test']), domains: [null as unknown as string] }
  await assert.rejects(store([bad]))
  const stored = await queries.stored()
  assert.deepEqual([stored.version, stored.records.map(({ name }) => name)], [version, ['Uno']])
  clock.ms += 60_000
})

test('the first one that claims a domain or certificate has it, the own record before all; conflicts are reported', async () => {
  const shared = randomBytes(40)
  const uno = record('Uno', ['uno.test', 'noi.test'], [shared])
  const due = record('Due', ['UNO.test', 'due.test'], [shared, own.certificates[0] ?? assert.fail()])
  // Two environments with one certificate, and this provider as the central directory knows it, are no conflict.
  const secondary = { ...record('Uno', ['sec.test'], [shared]), unit: 'Secondario' }
  const remote = record('noi', ['noi.test'], own.certificates)
  await store([uno, due, secondary, remote])
  const reported: unknown[] = []
  const { directory } = openDirectory((name, data) => reported.push([name, data]))
  assert.equal(await directory.providerOf('noi.test'), own)
  assert.equal(await directory.providerOfCertificate(own.certificates[0] ?? assert.fail()), own)
  assert.deepEqual(await directory.providerOf('uno.test'), uno)
  assert.deepEqual(await directory.providerOf('due.test'), due)
  assert.deepEqual(await directory.providerOfCertificate(shared), uno)
  const [[name, data] = []] = reported as [
    string,
    { count: number; examples: { claimed: string; kept: string; refused: string }[] },
  ][]
  assert.equal(name, 'directory-conflicts')
  assert.equal(data?.count, 4)
  assert.deepEqual(
    data?.examples.map(({ kept, refused }) => [kept, refused]),
    [
      ['Noi', 'Uno'],
      ['Uno', 'Due'],
      ['Uno', 'Due'],
      ['Noi', 'Due'],
    ],
  )
  assert.equal(reported.length, 1, 'once a copy')
})

test('100,000 domains: stored, read, and looked up at the cost of a few', async () => {
  const domains = Array.from({ length: 100_000 }, (_, index) => `dominio${index}.provincia.test`)
  const records = Array.from({ length: 40 }, (_, index) =>
    record(`Gestore ${index}`, domains.slice(index * 2500, index * 2500 + 2500)),
  )
  await store(records)
  clock.ms += 2000
  const { directory, reads } = openDirectory()
  assert.equal((await directory.providerOf('Dominio99999.provincia.test'))?.name, 'Gestore 39')
  for (let index = 0; index < 100_000; index += 97) {
    assert.equal((await directory.providerOf(domains[index] ?? ''))?.name, `Gestore ${Math.floor(index / 2500)}`)
  }
  assert.equal(reads(), 2, 'a look-up reads nothing')

  const small = indexRecords([record('Piccolo', domains.slice(0, 100))])
  const large = indexRecords(records)
  const timeOf = (index: typeof small): number => {
    const start = performance.now()
    for (let count = 0; count < 100_000; count++) index.byDomain(domains[count % 100] ?? '')
    return performance.now() - start
  }
  const least = (index: typeof small): number => Math.min(...[1, 2, 3, 4].map(() => timeOf(index)))
  // A thousand times the domains; a scan would take a thousand times the time.
  assert.ok(least(large) < 50 * least(small))
})
