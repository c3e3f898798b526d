/** Makes the folders of the embedded PostgreSQL, closed to everybody but its user. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  rmdirSync,
} from 'node:fs'
import { clientError } from '../../base/errors.ts'
import type { Layout } from './layout.ts'
import type { RunUser } from './run-user.ts'

/** Throws `run-folder-not-ours` if somebody else put a folder where our sockets should be. */
export function makeFolders(layout: Layout, user: RunUser | undefined): void {
  for (const folder of [layout.folder, layout.logs, layout.run]) {
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      if (user) chownSync(folder, user.uid, user.gid)
    }
  }
  // Root may have been given a folder of root's own, empty or not.
  if (user && lstatSync(layout.folder).uid !== user.uid) chownSync(layout.folder, user.uid, user.gid)
  chmodSync(layout.folder, 0o700)

  // The run folder may lie in /tmp, where anybody could have put a folder of that name.
  const run = lstatSync(layout.run)
  const owner = user?.uid ?? process.getuid?.()
  if (!run.isDirectory() || run.uid !== owner || (run.mode & 0o077) !== 0) {
    throw clientError(
      'run-folder-not-ours',
      `${layout.run} is not a folder that only the database's user may enter. Remove it and start again.`,
    )
  }
}

/** Removes a run folder that had to be elsewhere, unless somebody else's sockets are in it. */
export function removeOutsideRunFolder(layout: Layout): void {
  if (layout.run.startsWith(layout.folder) || !existsSync(layout.run) || readdirSync(layout.run).length > 0) return
  rmdirSync(layout.run)
}

/** Makes the entries of a folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The file for what PostgreSQL says before its own log begins, emptied. It may have been another user's (root's) before. */
export function openStartLog(layout: Layout): number {
  rmSync(layout.startLog, { force: true })
  return openSync(layout.startLog, 'a', 0o600)
}
