/** Where the embedded PostgreSQL keeps its things. `folder` is its own folder in the data folder of the installation. */
import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import type { ConnectionSettings } from '../connection.ts'

export interface Layout {
  readonly folder: string
  /** PostgreSQL's data directory; it exists only once initdb has finished */
  readonly cluster: string
  /** the sockets, in a folder that only the owner may enter */
  readonly run: string
  /** what PostgreSQL says before its own log begins */
  readonly startLog: string
  readonly logs: string
  readonly connection: ConnectionSettings
}

/** Only a part of the socket's name: no TCP port is opened. */
const PORT = 5432
export const DATABASE = 'ceralacca'
/** A socket's path has room for 107 bytes; the longest name in the run folder takes 30. */
const MAX_RUN_PATH = 75

export function layoutOf(folder: string): Layout {
  const real = realFolder(resolve(folder))
  const beside = join(real, 'run')
  const run = Buffer.byteLength(beside) <= MAX_RUN_PATH ? beside : join(tmpdir(), `ceralacca-${shortHash(real)}`)
  return {
    folder: real,
    cluster: join(real, 'cluster'),
    run,
    startLog: join(real, 'start.log'),
    logs: join(real, 'log'),
    connection: { host: run, port: PORT, user: DATABASE, database: DATABASE },
  }
}

/** The path without links, so that one folder has one run folder; what does not exist yet is kept as it is. */
function realFolder(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(realFolder(parent), basename(path))
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
