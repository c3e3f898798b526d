/**
 * The proof of life of the process that owns the folder: it listens on `control.sock` in the run folder. Whoever can connect
 * knows that somebody runs; a socket file that nobody listens on was left by a crash.
 */
import { chownSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { clientError } from '../../base/errors.ts'
import type { RunUser } from './run-user.ts'

export interface ControlSocket {
  /** Throws `already-running` if another process took the folder at the same moment. */
  check(): void
  release(): Promise<void>
}

const NAME = 'control.sock'
const SETTLE_MS = 20

/** Takes the folder, or throws `already-running`. */
export async function holdControlSocket(run: string, user: RunUser | undefined): Promise<ControlSocket> {
  const path = join(run, NAME)
  const own = join(run, `control-${process.pid}.sock`)
  rmSync(own, { force: true })
  const server = await listen(own)
  // So that after a crash the database's user can see, without root, that nobody listens.
  if (user) chownSync(own, user.uid, user.gid)
  const inode = lstatSync(own).ino
  const stillOurs = (): boolean => inodeOf(path) === inode
  try {
    await takeName(own, path)
  } catch (error) {
    await close(server)
    throw error
  }
  return {
    check() {
      if (!stillOurs()) throw alreadyRunning(run)
    },
    async release() {
      if (stillOurs()) rmSync(path)
      await close(server)
    },
  }
}

/** True if a process listens on the socket. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false)
      else reject(error)
    })
  })
}

/** Binding is done under a name of our own and then moved, so that the known name is never there without a listener. */
async function takeName(own: string, path: string): Promise<void> {
  try {
    linkSync(own, path)
    rmSync(own)
    return
  } catch (error) {
    // EEXIST: somebody's, alive or not. The others: a file system without hard links.
    if (!['EEXIST', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
  const stale = inodeOf(path)
  if (await isAnswered(path)) throw alreadyRunning(path)
  if (inodeOf(path) !== stale) throw alreadyRunning(path)
  const inode = inodeOf(own)
  renameSync(own, path)
  // Somebody else may have found the same stale file at the same moment: who came last has the name.
  await pause(SETTLE_MS)
  if (inodeOf(path) !== inode) throw alreadyRunning(path)
}

const inodeOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.ino

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

const alreadyRunning = (place: string): Error =>
  clientError(
    'already-running',
    `Ceralacca already runs on this data folder (${place}). Stop it first, or use another CERALACCA_DATA.`,
  )
