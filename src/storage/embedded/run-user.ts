/**
 * The user that PostgreSQL runs as. It refuses to run as root, so root lends the folder to an unprivileged user; anybody else
 * runs it as himself.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { clientError } from '../../base/errors.ts'
import type { Layout } from './layout.ts'

export interface RunUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const PREFERRED = ['postgres', 'nobody']

/**
 * The user for the folder: `undefined` for "as we are". Throws `data-folder-owner` if the folder is somebody else's, and
 * `no-run-user` if root finds nobody to run it as.
 */
export function chooseRunUser(layout: Layout): RunUser | undefined {
  const me = process.getuid?.() ?? 0
  const owner = ownerOf(join(layout.cluster, 'PG_VERSION')) ?? ownerOf(layout.folder)
  if (me !== 0) {
    if (owner !== undefined && owner.uid !== me) {
      throw clientError(
        'data-folder-owner',
        `${layout.folder} belongs to ${userOf(owner).name}, so only that user or root can start the database in it. ` +
          `Start as that user, or give the folder to yourself: chown -R "$USER" ${layout.folder}`,
      )
    }
    return undefined
  }
  if (owner !== undefined && owner.uid !== 0) return userOf(owner)
  const users = passwd()
  for (const name of PREFERRED) {
    const user = users.find((candidate) => candidate.name === name)
    if (user) return user
  }
  throw clientError(
    'no-run-user',
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as. ' +
      'Start as another user, or make one: useradd --system postgres',
  )
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  return existsSync(path) ? statSync(path) : undefined
}

function userOf({ uid, gid }: { uid: number; gid: number }): RunUser {
  return passwd().find((user) => user.uid === uid) ?? { name: `user ${uid}`, uid, gid }
}

function passwd(): RunUser[] {
  if (!existsSync('/etc/passwd')) return []
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
}
