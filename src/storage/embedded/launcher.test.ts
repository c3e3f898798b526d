import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { lastFirst, testFolder } from '../test-database.ts'
import { findBinaries } from './binaries.ts'
import type { Binaries } from './binaries.ts'
import { prepareCluster } from './cluster.ts'
import { makeFolders } from './folders.ts'
import { createLauncher } from './launcher.ts'
import { layoutOf } from './layout.ts'
import { stopPostmaster } from './postmaster.ts'
import { chooseRunUser } from './run-user.ts'
import { startServer } from './server.ts'

const onlyRoot = { skip: process.getuid?.() !== 0 && 'only root starts PostgreSQL as another user' }
const packaged = findBinaries()

/** An installation whose folder only root can enter: the programs and the data. */
function closedInstallation(parent: string): { folder: string; binaries: Binaries } {
  const root = join(parent, 'closed')
  mkdirSync(root, { mode: 0o700 })
  const native = dirname(dirname(packaged.postgres))
  mkdirSync(join(root, 'native', 'bin'), { recursive: true })
  for (const shared of ['lib', 'share']) symlinkSync(join(native, shared), join(root, 'native', shared))
  const binaries = { ...packaged, postgres: join(root, 'native/bin/postgres'), initdb: join(root, 'native/bin/initdb') }
  for (const program of ['postgres', 'initdb'] as const) copyFileSync(packaged[program], binaries[program])
  return { folder: join(root, 'data'), binaries }
}

/** Makes a cluster and starts it; answers the capabilities that the server runs with. */
async function capabilitiesOfServer(folder: string, binaries: Binaries): Promise<bigint> {
  const layout = layoutOf(folder)
  const user = chooseRunUser(layout)
  makeFolders(layout, user)
  const launch = createLauncher(user, layout, binaries)
  await prepareCluster(layout, binaries, launch, user)
  const postmaster = await startServer(layout, binaries, launch)
  try {
    const status = readFileSync(`/proc/${postmaster.pid}/status`, 'utf8')
    assert.doesNotMatch(status, /^Uid:\t0/m)
    return BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(status)?.[1]}`)
  } finally {
    await stopPostmaster(postmaster, assert.fail)
  }
}

const DAC_OVERRIDE = 1n << 1n
const DAC_READ_SEARCH = 1n << 2n

test('needs no capability where others may pass', onlyRoot, async (t) => {
  const last = lastFirst(t)
  assert.equal(await capabilitiesOfServer(join(testFolder(last), 'postgres'), packaged), 0n)
})

test('passes closed folders with one capability and no other', onlyRoot, async (t) => {
  const { folder, binaries } = closedInstallation(testFolder(t))
  assert.equal(await capabilitiesOfServer(folder, binaries), DAC_READ_SEARCH)
})

test('runs programs that only root may execute with one capability more', onlyRoot, async (t) => {
  const { folder, binaries } = closedInstallation(testFolder(t))
  chmodSync(binaries.postgres, 0o700)
  chmodSync(binaries.initdb, 0o700)
  assert.equal(await capabilitiesOfServer(folder, binaries), DAC_READ_SEARCH | DAC_OVERRIDE)
})

test('says what to do where setpriv is missing', onlyRoot, (t) => {
  const { folder, binaries } = closedInstallation(testFolder(t))
  const path = process.env['PATH']
  t.after(() => void (process.env['PATH'] = path))
  process.env['PATH'] = ''
  const layout = layoutOf(folder)
  assert.throws(() => createLauncher(chooseRunUser(layout), layout, binaries), {
    code: 'folder-not-reachable',
    message: /chmod o\+x \/.*DATABASE_URL/,
  })
})
