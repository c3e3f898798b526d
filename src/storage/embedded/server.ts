/** Starts the server, or takes over the one that a killed predecessor left, and waits until it answers. */
import { closeSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import { CeralaccaError, temporaryError } from '../../base/errors.ts'
import { clientConfig } from '../connection.ts'
import { sqlState } from '../database-errors.ts'
import type { Binaries } from './binaries.ts'
import { openStartLog } from './folders.ts'
import type { Launch } from './launcher.ts'
import { DATABASE } from './layout.ts'
import type { Layout } from './layout.ts'
import { lockedPid } from './postmaster.ts'
import type { Postmaster } from './postmaster.ts'

const POLL_MS = 10
/** How long the last processes of a killed server may take to go. */
const ORPHANS_MS = 20_000

/**
 * Starts a server. A stale lock file is left to PostgreSQL, which also sees whether processes of the dead server still use its
 * shared memory: then it refuses, and is asked again until they are gone.
 */
export async function startServer(layout: Layout, binaries: Binaries, launch: Launch): Promise<Postmaster> {
  const deadline = Date.now() + ORPHANS_MS
  for (;;) {
    const postmaster = launchServer(layout, binaries, launch)
    try {
      await untilReady(layout, postmaster)
      return postmaster
    } catch (error) {
      const busy = readFileSync(layout.startLog, 'utf8').includes('pre-existing shared memory block')
      if (!busy || Date.now() > deadline) throw error
      await pause(POLL_MS)
    }
  }
}

function launchServer(layout: Layout, binaries: Binaries, launch: Launch): Postmaster {
  const output = openStartLog(layout)
  try {
    // On the command line, where no configuration file can change it: no TCP, for everybody who reaches the socket is trusted.
    const args = ['-D', layout.cluster, '-k', layout.run, '-c', 'listen_addresses=']
    const child = launch(binaries.postgres, args, output, ignoreLockOf(lockedPid(layout.cluster)))
    let failure: Error | undefined
    child.once('error', (error) => (failure = error))
    if (child.pid === undefined)
      throw new CeralaccaError('database-start', 'permanent', `cannot run ${binaries.postgres}`, { cause: failure })
    return { pid: child.pid, isAlive: () => child.exitCode === null && child.signalCode === null }
  } finally {
    closeSync(output)
  }
}

/**
 * The pid of a dead server may have been given to another program since; PostgreSQL would take that one for a server. With this
 * variable (pg_ctl uses it for its own parent) it looks beyond that pid, and still at the shared memory.
 */
const ignoreLockOf = (pid: number | undefined): NodeJS.ProcessEnv =>
  pid === undefined ? {} : { PG_GRANDPARENT_PID: String(pid) }

/** Waits until the server takes connections (after a crash it recovers first, which may take long) and our database exists. */
export async function untilReady(layout: Layout, postmaster: Postmaster): Promise<void> {
  for (;;) {
    const state = await tryConnect(layout, DATABASE)
    if (state === 'ready') return
    if (state === 'no-database') await tryConnect(layout, 'postgres', `create database ${DATABASE}`)
    else if (!postmaster.isAlive()) throw startFailure(layout)
    else await pause(POLL_MS)
  }
}

async function tryConnect(layout: Layout, database: string, statement = 'select'): Promise<'ready' | 'not-yet' | 'no-database'> {
  const client = new Client(clientConfig({ ...layout.connection, database }, 'ceralacca start'))
  // A connection that breaks also fails the call under way.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(statement)
    return 'ready'
  } catch (error) {
    const state = sqlState(error)
    if (state === '3D000') return 'no-database'
    // 57P03: starting up or shutting down; 53300: the connections of a killed process are not gone yet; 42P04: somebody else made the
    // database; without a code: no socket yet.
    if (state === undefined || state === '42P04' || state === '53300' || state.startsWith('57P')) return 'not-yet'
    throw error
  } finally {
    await client.end()
  }
}

/** What the server said before it died. */
function startFailure(layout: Layout): CeralaccaError {
  const said = [layout.startLog, newestLog(layout.logs)]
    .filter((file): file is string => file !== undefined && existsSync(file))
    .map((file) => readFileSync(file, 'utf8').trim().slice(-2000))
    .join('\n')
  return temporaryError(
    'database-start',
    `PostgreSQL in ${layout.folder} did not start (pid file: ${lockedPid(layout.cluster) ?? 'none'}).\n${said}`,
  )
}

function newestLog(logs: string): string | undefined {
  const files = readdirSync(logs).map((name) => join(logs, name))
  return files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]
}
