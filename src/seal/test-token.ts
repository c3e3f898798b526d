/** For tests: a token of SoftHSM2, with a slot of its own in a folder of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm.so',
]

export const SOFTHSM_MODULE = MODULES.find((path) => existsSync(path)) ?? ''
export const PIN = 'pin-7391'

function missing(): string | null {
  if (SOFTHSM_MODULE === '' || spawnSync('softhsm2-util', ['--version']).status !== 0)
    return 'SoftHSM2 is not installed (softhsm2)'
  try {
    createRequire(import.meta.url)('pkcs11js')
    return null
  } catch (error) {
    return `pkcs11js is not compiled (scripts/pkcs11.mjs): ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Whether there is a token to test with; skips the test where not, and fails it with CI=true. */
export function tokenReady(t: TestContext): boolean {
  const reason = missing()
  if (reason === null) return true
  if (process.env['CI'] === 'true') throw new Error(reason)
  t.skip(reason)
  return false
}

export interface TestTokens {
  readonly configuration: string
  /** Makes an empty token and answers its label. */
  add(): string
  close(): void
}

/** @param configure sets SOFTHSM2_CONF for this process, which the library reads once, when it is first used */
export function openTestTokens(configure = true): TestTokens {
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-token-'))
  const configuration = join(folder, 'softhsm2.conf')
  mkdirSync(join(folder, 'tokens'))
  writeFileSync(
    configuration,
    `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  if (configure) process.env['SOFTHSM2_CONF'] = configuration
  let count = 0
  return {
    configuration,
    add() {
      const label = `test-${++count}`
      const args = ['--init-token', '--free', '--label', label, '--so-pin', 'so-pin-1234', '--pin', PIN]
      const { status, stderr } = spawnSync('softhsm2-util', args, { env: { ...process.env, SOFTHSM2_CONF: configuration } })
      if (status !== 0) throw new Error(stderr.toString())
      return label
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
