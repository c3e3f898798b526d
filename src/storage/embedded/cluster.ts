/** The data directory of the embedded PostgreSQL: made once, checked at each start. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { CeralaccaError, clientError } from '../../base/errors.ts'
import type { Binaries } from './binaries.ts'
import { openStartLog, syncFolder } from './folders.ts'
import type { Launch } from './launcher.ts'
import { DATABASE } from './layout.ts'
import type { Layout } from './layout.ts'
import type { RunUser } from './run-user.ts'

const SETTINGS_FILE = 'ceralacca.conf'
/** initdb works in a folder with this prefix, and the finished work gets its name by a rename. */
const UNFINISHED = 'cluster.unfinished-'

/**
 * What holds for every installation. An operator who wants another value puts it in `postgresql.auto.conf` (ALTER SYSTEM), which
 * PostgreSQL reads after this file. The build has no lz4, so WAL stays uncompressed and TOAST uses pglz: pglz on the WAL costs more
 * CPU than the bytes are worth.
 *
 * Log: only what the server says of itself. Errors of statements go to the caller and not to the log, for their text may
 * quote values (I9).
 */
const SETTINGS = `# Written by Ceralacca at each start; changes here are lost. Use ALTER SYSTEM.
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 60
shared_buffers = 128MB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = '../log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
`

/** Makes the cluster if there is none; what an interrupted first start left is thrown away. Throws `database-version`, `initdb-failed`. */
export async function prepareCluster(
  layout: Layout,
  binaries: Binaries,
  launch: Launch,
  user: RunUser | undefined,
): Promise<void> {
  const versionFile = join(layout.cluster, 'PG_VERSION')
  if (existsSync(versionFile)) {
    const major = readFileSync(versionFile, 'utf8').trim()
    if (major === binaries.major) return
    throw clientError(
      'database-version',
      `${layout.cluster} was made by PostgreSQL ${major}, and this Ceralacca brings PostgreSQL ${binaries.major}. ` +
        `Start it with the Ceralacca that made it, or upgrade the folder with pg_upgrade first. Nothing was changed.`,
    )
  }
  if (existsSync(layout.cluster)) {
    throw clientError(
      'database-version',
      `${layout.cluster} is not a PostgreSQL data folder (no PG_VERSION). Move it away and start again.`,
    )
  }
  // A name of its own: the initdb of a killed predecessor may still be at work.
  const unfinished = join(layout.folder, `${UNFINISHED}${randomUUID()}`)
  await runInitdb(unfinished, layout, binaries, launch)
  appendFileSync(join(unfinished, 'postgresql.conf'), `\ninclude_if_exists = '${SETTINGS_FILE}'\n`, { flush: true })
  writeSettings(unfinished, user)
  renameSync(unfinished, layout.cluster)
  syncFolder(layout.folder)
  removeUnfinished(layout)
}

function removeUnfinished(layout: Layout): void {
  for (const name of readdirSync(layout.folder).filter((entry) => entry.startsWith(UNFINISHED))) {
    rmSync(join(layout.folder, name), { recursive: true, force: true, maxRetries: 50, retryDelay: 20 })
  }
}

async function runInitdb(target: string, layout: Layout, binaries: Binaries, launch: Launch): Promise<void> {
  const output = openStartLog(layout)
  try {
    const child = launch(
      binaries.initdb,
      [
        `--pgdata=${target}`,
        `--username=${DATABASE}`,
        '--auth-local=trust',
        '--auth-host=reject',
        '--encoding=UTF8',
        '--locale-provider=builtin',
        '--locale=C',
        '--builtin-locale=C.UTF-8',
        '--data-checksums',
        '--no-instructions',
      ],
      output,
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) {
      const said = readFileSync(layout.startLog, 'utf8').trim()
      throw new CeralaccaError('initdb-failed', 'permanent', `The database could not be created in ${layout.folder}: ${said}`)
    }
  } finally {
    closeSync(output)
  }
}

/** Writes our settings; answers whether they are others than before (a running server then has old ones). */
export function writeSettings(cluster: string, user: RunUser | undefined): boolean {
  const file = join(cluster, SETTINGS_FILE)
  if (existsSync(file) && readFileSync(file, 'utf8') === SETTINGS) return false
  writeFileSync(file, SETTINGS, { mode: 0o600, flush: true })
  if (user) chownSync(file, user.uid, user.gid)
  return true
}
