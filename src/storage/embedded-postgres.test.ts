import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase } from './database.ts'
import type { ConnectionSettings } from './connection.ts'
import { layoutOf } from './embedded/layout.ts'
import { findPostmaster, lockedPid } from './embedded/postmaster.ts'
import { embeddedConnection, startEmbeddedPostgres } from './embedded-postgres.ts'
import type { EmbeddedPostgres } from './embedded-postgres.ts'
import { lastFirst, testFolder } from './test-database.ts'
import type { TestScope } from './test-database.ts'

const log = { info: () => undefined, warn: console.warn }
const module = new URL('./embedded-postgres.ts', import.meta.url).href

const dataFolder = (t: TestScope): string => join(testFolder(t), 'postgres')

async function start(t: TestScope, folder: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, log })
  t.after(() => server.stop())
  return server
}

async function query<R>(connection: ConnectionSettings, sql: string, write = false): Promise<R[]> {
  const database = openDatabase(connection)
  try {
    return write ? await database.transactor.reference((tx) => tx.query<R>(sql)) : await database.reader.read<R>(sql)
  } finally {
    await database.close()
  }
}

/** Starts the server in a process of its own, as `uid` if given, and waits until that process says it is up. */
async function startInChild(folder: string, uid?: number) {
  const code = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)})
    const server = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)}, log: { info() {}, warn: console.warn } })
    process.on('SIGTERM', () => void server.stop())
    console.log('up')`
  const as = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    ...as,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown]
  assert.equal(String(said).trim(), 'up')
  return child
}

async function kill(child: ReturnType<typeof spawn>): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const killed = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL')
  while (existsSync(`/proc/${pid}/cwd`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '') await pause(5)
}

test('makes a durable database, without TCP, closed to others, and finds its data again', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  const first = await startEmbeddedPostgres({ folder, log })
  const names = [
    'fsync',
    'synchronous_commit',
    'full_page_writes',
    'data_checksums',
    'server_encoding',
    'listen_addresses',
    'TimeZone',
    'jit',
  ]
  const sql = `select name, setting from pg_settings where name in (${names.map((name) => `'${name}'`).join()})`
  const settings = await query<{ name: string; setting: string }>(first.connection, sql)
  assert.deepEqual(Object.fromEntries(settings.map(({ name, setting }) => [name, setting])), {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    data_checksums: 'on',
    server_encoding: 'UTF8',
    listen_addresses: '',
    TimeZone: 'UTC',
    jit: 'off',
  })
  assert.deepEqual(
    await query(first.connection, `select datlocale, lower('È') as l from pg_database where datname = 'ceralacca'`),
    [{ datlocale: 'C.UTF-8', l: 'è' }],
  )
  assert.equal(statSync(first.connection.host).mode & 0o777, 0o700)
  await query(first.connection, 'create table kept as select 42 as answer', true)
  assert.equal(await embeddedConnection(folder).running(), true)
  await first.stop()
  await first.stop()
  assert.equal(await embeddedConnection(folder).running(), false)

  const second = await start(t, folder)
  assert.equal(second.adopted, false)
  assert.deepEqual(embeddedConnection(folder).connection, second.connection)
  assert.deepEqual(await query(second.connection, 'select answer from kept'), [{ answer: 42 }])
})

test('takes over the server of a process that was killed, and stops it', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  await kill(await startInChild(folder))
  const orphan = findPostmaster(layoutOf(folder).cluster)
  assert.ok(orphan, 'the server outlives its supervisor')

  const server = await start(t, folder)
  assert.equal(server.adopted, true)
  await query(server.connection, 'select 1')
  await server.stop()
  assert.equal(orphan.isAlive(), false)
})

test('restarts a server that was left running with other settings', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  await kill(await startInChild(folder))
  writeFileSync(join(layoutOf(folder).cluster, 'ceralacca.conf'), 'fsync = off\n')
  const server = await start(t, folder)
  assert.equal(server.adopted, false)
  assert.deepEqual(await query(server.connection, `select setting from pg_settings where name = 'fsync'`), [{ setting: 'on' }])
})

test('starts after everything was killed, also when the stale pid is another program now', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  const { cluster } = layoutOf(folder)
  await kill(await startInChild(folder))
  const pid = lockedPid(cluster) ?? 0
  await killed(pid)
  // A program of the same user has got the pid of the dead server.
  const owner = statSync(cluster)
  const other = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid: owner.uid, gid: owner.gid } : {})
  t.after(() => void other.kill())
  for (const file of [join(cluster, 'postmaster.pid'), join(layoutOf(folder).run, '.s.PGSQL.5432.lock')]) {
    writeFileSync(file, readFileSync(file, 'utf8').replace(String(pid), String(other.pid)))
  }

  const server = await start(t, folder)
  assert.equal(server.adopted, false)
  await query(server.connection, 'select 1')
  assert.equal(other.exitCode, null)
})

test('an interrupted first start is done again', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  const code = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)})
    await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)}, log: console })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
  const unfinished = (): boolean =>
    existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('cluster.unfinished'))
  while (!unfinished()) await pause(5)
  await kill(child)
  assert.equal(existsSync(join(folder, 'cluster')), false)

  const server = await start(t, folder)
  await query(server.connection, 'select 1')
  assert.equal(unfinished(), false)
})

test('refuses a second process on the folder', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  const child = await startInChild(folder)
  await assert.rejects(startEmbeddedPostgres({ folder, log }), { code: 'already-running', fault: 'client' })
  assert.ok(findPostmaster(layoutOf(folder).cluster), 'the refused one did no harm')
  child.kill('SIGTERM')
  await once(child, 'exit')
  assert.equal((await start(t, folder)).adopted, false)
})

test('refuses the data of another major version, and leaves it as it is', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'cluster'), { recursive: true })
  writeFileSync(join(folder, 'cluster', 'PG_VERSION'), '15\n')
  await assert.rejects(startEmbeddedPostgres({ folder, log }), {
    code: 'database-version',
    message: /PostgreSQL 15.*PostgreSQL 18/,
  })
  assert.deepEqual(readdirSync(join(folder, 'cluster')), ['PG_VERSION'])
})

test('tells when the server dies', async (context) => {
  const t = lastFirst(context)
  const folder = dataFolder(t)
  const died = Promise.withResolvers<string>()
  const server = await startEmbeddedPostgres({ folder, log, onDeath: (error) => died.resolve(error.code) })
  t.after(() => server.stop())
  await killed(lockedPid(layoutOf(folder).cluster) ?? 0)
  assert.equal(await died.promise, 'database-died')
})

test('keeps its sockets elsewhere when the path is too long for a socket', async (context) => {
  const t = lastFirst(context)
  const folder = join(testFolder(t), 'long-'.repeat(20), 'postgres')
  const server = await start(t, folder)
  assert.ok(!server.connection.host.startsWith(folder))
  assert.equal(statSync(server.connection.host).mode & 0o777, 0o700)
  await query(server.connection, 'select 1')
  await server.stop()
  assert.equal(existsSync(server.connection.host), false)
})

test(
  'runs as root in a folder that only root can enter',
  { skip: process.getuid?.() !== 0 && 'only root sees this' },
  async (context) => {
    const t = lastFirst(context)
    const folder = join(testFolder(t), 'closed', 'postgres')
    mkdirSync(join(folder, '..'), { mode: 0o700 })
    const server = await start(t, folder)
    assert.notEqual(statSync(join(folder, 'cluster')).uid, 0)
    await query(server.connection, 'select 1')
  },
)

test('runs as an ordinary user', { skip: process.getuid?.() !== 0 && 'the other tests ran so' }, async (context) => {
  const t = lastFirst(context)
  const nobody = 65_534
  const parent = testFolder(t)
  const folder = join(parent, 'postgres')
  mkdirSync(folder)
  chownSync(folder, nobody, nobody)
  await kill(await startInChild(folder, nobody))
  // Root finds the socket file and the server of the other user.
  const server = await start(t, folder)
  assert.equal(server.adopted, true)
  assert.equal(statSync(join(folder, 'cluster')).uid, nobody)
})
