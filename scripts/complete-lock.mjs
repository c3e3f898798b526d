/**
 * Run after changing packages: adds to package-lock.json the optional packages for other platforms that npm leaves out when the registry
 * in use does not carry them (npm ci then refuses the lock file on every platform). Their platform is told by their name, as npm's own
 * entries have it; they have no integrity hash, for nobody here has seen them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

const OS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32', 'wasi']
const CPU = {
  arm: /arm(v7)?-|arm-|-arm(v6|v7)?(-|$)|armv7/,
  arm64: /arm64|aarch64/,
  ia32: /ia32/,
  loong64: /loong/,
  mips64el: /mips64/,
  ppc64: /ppc64/,
  riscv64: /riscv64/,
  s390x: /s390x/,
  wasm32: /wasm32/,
  x64: /x64/,
}

/** os, cpu and libc of a package named like "binding-linux-x64-musl". */
function platformOf(name) {
  const tail = name.slice(name.indexOf('/') + 1)
  const os = OS.filter((one) => one !== 'wasi' && tail.includes(one))
  const cpu = Object.keys(CPU).filter((one) => CPU[one].test(tail) && !(one === 'arm' && CPU.arm64.test(tail)))
  if (cpu.length !== 1 || (os.length !== 1 && cpu[0] !== 'wasm32')) throw new Error(`which platform is ${name} for?`)
  const libc = os[0] === 'linux' && /musl/.test(tail) ? ['musl'] : os[0] === 'linux' && /gnu/.test(tail) ? ['glibc'] : undefined
  return { ...(os.length === 1 && { os }), cpu, ...(libc && { libc }) }
}

const path = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(path, 'utf8'))
let added = 0
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key]) continue
    if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) throw new Error(`${name}: ${version} is no exact version`)
    lock.packages[key] = { version, ...platformOf(name), ...(entry.dev && { dev: true }), optional: true }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
if (added > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages for other platforms added to package-lock.json`)
