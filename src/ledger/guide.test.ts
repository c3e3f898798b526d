/** What docs/guides/ledger.md says works, with openssl, a shell and Python, which share nothing with this program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { dayPaths } from './day-files.ts'
import { DAY_MS } from './sealed-lines.ts'
import { openTestLedger, TEST_CA } from './test-ledger.ts'

const missing = ['openssl', 'python3', 'bash'].find((tool) => spawnSync(tool, ['--help']).error)
const skip = missing === undefined ? false : `${missing} is not installed`
const scope = lastFirst({ after })
const { connection, folder } = await withTestDatabase(scope)
const guide = readFileSync(new URL('../../docs/guides/ledger.md', import.meta.url), 'utf8')

/** The blocks of a language that hold a word. */
function block(language: string, word: string): string {
  const blocks = [...guide.matchAll(/```(\w+)\n([^]*?)```/g)].filter(
    ([, name, text]) => name === language && text?.includes(word),
  )
  assert.equal(blocks.length, 1)
  return blocks[0]?.[2] ?? ''
}

test('the guide verifies a day, and finds a line that was changed', { skip }, async (t) => {
  const ledger = await openTestLedger(lastFirst(t), connection, folder)
  for (let round = 0; round < 3; round++) {
    for (const slot of [3, 17, 300, 4095]) await ledger.append(slot, 5)
    await ledger.keeper.sealNow()
    ledger.clock.at += 60_000
  }
  ledger.clock.at += DAY_MS
  await ledger.keeper.sealNow()
  const { file } = dayPaths(ledger.folder, '2026-03-15')
  mkdirSync(join(ledger.folder, 'keys'))
  writeFileSync(join(ledger.folder, 'keys', 'ca.pem'), TEST_CA)

  const commands = block('sh', 'openssl ts -verify')
    .replace('cd data/ledger/2026;', `cd ${dirname(file)};`)
    .replaceAll('../../keys', '../keys')
    .replace('-token_in -CAfile', `-attime ${ledger.clock.at / 1000} -token_in -CAfile`)
  const shell = spawnSync('bash', ['-euc', commands])
  assert.equal(shell.status, 0, shell.stderr.toString())
  assert.match(shell.stdout.toString(), /Verification: OK[^]*Time stamp: Mar 16 09:33:00 2026 GMT/)

  const hashes = spawnSync('bash', ['-euc', `day=2026-03-15; cd ${dirname(file)}; ${block('sh', 'sha256sum')}`])
  const heads = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('["ceralacca-ledger-head",1,0,'))
  const last = hashes.stdout.toString().trim().split('\n').at(-1)?.slice(0, 64) ?? 'none'
  assert.ok(heads[0]?.includes(last))

  const program = join(folder, 'verify.py')
  writeFileSync(program, block('python', 'hashlib'))
  const python = () => spawnSync('python3', [program, file])
  const { status, stdout, stderr } = python()
  assert.equal(status, 0, stderr.toString())
  assert.equal(stdout.toString(), '9 segments hold\n')
  chmodSync(file, 0o600)
  writeFileSync(file, readFileSync(file, 'utf8').replace('mario@', 'maria@'))
  assert.match(python().stderr.toString(), /AssertionError: the segment before line \d+/)
})
