/** The built pages of web/: whether they are there and made from the sources of now. Needs no package. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

export const dist = join(root, 'web', 'dist')
export const sourcesFile = join(dist, 'sources.json')

/** @param sources paths from the root */
export function digestOf(sources) {
  const digest = createHash('sha256')
  for (const source of sources) {
    const file = join(root, source)
    digest.update(`${source}\0`).update(existsSync(file) ? readFileSync(file) : '\0')
  }
  return digest.digest('hex')
}

function isBuilt() {
  if (!existsSync(sourcesFile)) return false
  const { digest, sources } = JSON.parse(readFileSync(sourcesFile, 'utf8'))
  return digestOf(sources) === digest
}

/** @param node the Node that builds them */
export function ensureWeb(node) {
  if (isBuilt()) return
  process.stderr.write('Building the pages of web/ ...\n')
  const { status } = spawnSync(node, [join(root, 'scripts', 'build-web.mjs')], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.stderr.write('They could not be built (see above): the server does without them.\n')
}
