/** The process of the server: found by its lock file, watched and stopped, whether we started it or a predecessor of ours did. */
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Postmaster {
  readonly pid: number
  isAlive(): boolean
}

const POLL_MS = 10

/** The pid that `postmaster.pid` names, alive or not. */
export function lockedPid(cluster: string): number | undefined {
  const file = join(cluster, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

/** The server that runs on the data directory although nobody of ours watches it any more. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const pid = lockedPid(cluster)
  return pid !== undefined && isPostmaster(pid, cluster) ? { pid, isAlive: () => isPostmaster(pid, cluster) } : undefined
}

/**
 * Whether `pid` is a server on `cluster`: its program is postgres and its working folder is the data directory. A pid that was
 * given to another program since, or a zombie (no command line), is not.
 */
function isPostmaster(pid: number, cluster: string): boolean {
  try {
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return basename(program) === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Gone, or a process of somebody else's.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return false
    throw error
  }
}

/** Fast shutdown; then immediate; then kill. Resolves when the process is gone; a crash-safe server survives each of them. */
export async function stopPostmaster(postmaster: Postmaster, warn: (message: string) => void): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', 60_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!postmaster.isAlive()) return
    signalProcess(postmaster.pid, signal)
    const deadline = Date.now() + patience
    while (postmaster.isAlive()) {
      if (Date.now() > deadline) break
      await pause(POLL_MS)
    }
    if (postmaster.isAlive()) warn(`PostgreSQL (pid ${postmaster.pid}) did not stop on ${signal}`)
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
