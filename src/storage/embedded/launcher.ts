/**
 * Starts a program of PostgreSQL as the run user. Where that user could not enter a folder on the way (a clone in /root with
 * mode 0700), `setpriv` gives the program the one capability that it lacks and nothing else:
 * - `dac_read_search` to pass folders and read files that are closed to it (the data folder itself is its own, so it writes there);
 * - `dac_override` besides, only if the programs themselves may not be executed by others (an umask of 077 when they were installed).
 * `no_setuid_fixup` is needed because PostgreSQL asks access(2) about itself, which ignores capabilities otherwise.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, realpathSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { clientError } from '../../base/errors.ts'
import type { Binaries } from './binaries.ts'
import type { Layout } from './layout.ts'
import type { RunUser } from './run-user.ts'

/** Starts `program`; standard output and error go to the open file `output`; `extra` is added to its environment. */
export type Launch = (program: string, args: readonly string[], output: number, extra?: NodeJS.ProcessEnv) => ChildProcess

/** Makes the launcher for `user` (`undefined`: as we are). Throws `folder-not-reachable` if the user cannot be helped on his way. */
export function createLauncher(user: RunUser | undefined, layout: Layout, binaries: Binaries): Launch {
  if (user === undefined) return (program, args, output, extra) => start(program, args, output, {}, extra)
  const closed = [layout.folder, layout.run, binaries.postgres].flatMap((path) => closedParents(path, user))
  const mayExecute = permits(statSync(binaries.postgres), user, 5)
  if (closed.length === 0 && mayExecute) {
    return (program, args, output, extra) => start(program, args, output, { uid: user.uid, gid: user.gid }, extra)
  }
  const prefix = setprivArguments(user, mayExecute ? ['dac_read_search'] : ['dac_read_search', 'dac_override'])
  checkSetpriv(prefix, binaries, user, closed[0] ?? binaries.postgres)
  return (program, args, output, extra) => start('setpriv', [...prefix, program, ...args], output, {}, extra)
}

/**
 * A group of its own, so that Ctrl-C at the terminal stops us first and the database after us; a clean environment, so that
 * no PG* variable or locale of the caller's changes anything; and a working folder that every user can enter.
 */
function start(
  program: string,
  args: readonly string[],
  output: number,
  as: { uid?: number; gid?: number },
  extra: NodeJS.ProcessEnv = {},
): ChildProcess {
  const env = { ...environment(), ...extra }
  return spawn(program, args, { ...as, cwd: '/', detached: true, env, stdio: ['ignore', output, output] })
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' })

function closedParents(path: string, user: RunUser): string[] {
  const real = existsSync(path) ? realpathSync(path) : path
  const parents: string[] = []
  for (let parent = dirname(real); ; parent = dirname(parent)) {
    parents.push(parent)
    if (parent === dirname(parent)) break
  }
  return parents.filter((parent) => existsSync(parent) && !permits(statSync(parent), user, 1))
}

/** Whether the mode gives the user these bits (4 read, 2 write, 1 execute or enter). */
function permits({ mode, uid, gid }: Stats, user: RunUser, bits: number): boolean {
  const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode
  return (granted & bits) === bits
}

function setprivArguments(user: RunUser, capabilities: readonly string[]): string[] {
  const list = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  return [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${list}`,
    `--ambient-caps=${list}`,
  ]
}

function checkSetpriv(prefix: readonly string[], binaries: Binaries, user: RunUser, closed: string): void {
  const present = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'setpriv')))
  const run = present
    ? spawnSync('setpriv', [...prefix, binaries.postgres, '--version'], { cwd: '/', env: environment() })
    : undefined
  if (run?.status === 0) return
  const reason = run ? `setpriv failed: ${run.stderr.toString().trim()}` : 'there is no setpriv (package util-linux)'
  throw clientError(
    'folder-not-reachable',
    `PostgreSQL does not run as root; it would run as "${user.name}", who has no way through ${closed}, and ${reason}. ` +
      `Let others pass (chmod o+x ${closed}), move the installation and its data elsewhere, start as another user, or set DATABASE_URL.`,
  )
}
