/** What docs/guides/evidence-bundle.md says works, with openssl, a shell and Python, which share nothing with this program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { DAY_MS, openTestBundles } from '../../test/support/bundles.ts'
import { lastFirst, testFolder } from '../storage/test-database.ts'
import { readCertificate } from '../seal/certificate.ts'
import { certificatesOf } from '../seal/pem.ts'
import { unzipBundle } from './bundle-zip.ts'

const missing = ['openssl', 'python3', 'bash', 'sha256sum'].find((tool) => spawnSync(tool, ['--help']).error)
const skip = missing === undefined ? false : `${missing} is not installed`
const scope = lastFirst({ after })
const guide = readFileSync(new URL('../../docs/guides/evidence-bundle.md', import.meta.url), 'utf8')
const folder = join(testFolder(scope), 'bundle')
const bundles = await openTestBundles(scope)

/** The one block of a language that holds some words. */
function block(language: string, words: string): string {
  const blocks = [...guide.matchAll(/```(\w+)\n([^]*?)```/g)].filter(
    ([, name, text]) => name === language && text?.includes(words),
  )
  assert.equal(blocks.length, 1, words)
  return blocks[0]?.[2] ?? ''
}

before(async () => {
  const [mario, lucia, anna] = [await bundles.holder('mario'), await bundles.holder('lucia'), await bundles.holder('anna')]
  const id = await bundles.send(mario, [lucia, anna], { abroad: [anna] })
  await bundles.stampLedger()
  const { zip } = await bundles.make({ id, mailbox: null, language: 'it' })
  for (const [path, bytes] of unzipBundle(zip)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
})

/** @param now seconds since 1970: what the guide calls so */
function run(language: string, words: string, now = Math.floor(bundles.clock.ms / 1000)) {
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', block(language, words)], {
    cwd: folder,
    env: { ...process.env, NOW: String(now), LC_ALL: 'C' },
  })
  return { ok: status === 0, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** Changes a file for as long as `work` takes. */
function withChanged(path: string, change: (bytes: Buffer) => Buffer, work: () => void): void {
  const whole = readFileSync(join(folder, path))
  writeFileSync(join(folder, path), change(whole))
  work()
  writeFileSync(join(folder, path), whole)
}
const edit = (from: string, to: string) => (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1')

test('stamp, signature and files', { skip }, () => {
  const { ok, stderr, stdout } = run('sh', 'sha256sum')
  assert.ok(ok, stderr)
  assert.match(stdout + stderr, /Verification: OK[^]*CMS Verification successful/)
  withChanged('messages/original.eml', edit('Testo', 'Testa'), () => {
    assert.match(run('sh', 'sha256sum').stdout, /messages\/original\.eml: FAILED/)
  })
  withChanged('manifest.sha256', edit('original', 'Original'), () => assert.ok(!run('sh', 'sha256sum').ok))
  withChanged(
    'manifest.p7s',
    (bytes) => bytes.subarray(0, -1),
    () => assert.ok(!run('sh', 'sha256sum').ok),
  )
})

test('messages and revocation lists, of two providers', { skip }, () => {
  const { ok, stderr, stdout } = run('sh', 'crl_check')
  assert.ok(ok, stderr)
  assert.equal([...stderr.matchAll(/CMS Verification successful/g)].length, 4)
  assert.equal([...stdout.matchAll(/: not revoked by revocation\/list-01\.crl/g)].length, 4)
  withChanged('messages/receipt-02.eml', edit('Ricevuta di avvenuta', 'Ricevuta di Avvenuta'), () =>
    assert.ok(!run('sh', 'crl_check').ok),
  )
  rmSync(join(folder, 'signer.pem'), { force: true })
})

test('a certificate that was revoked when it sealed', { skip }, async () => {
  const revoked = [{ certificate: bundles.certificates.other, at: bundles.clock.ms - DAY_MS }]
  const list = await bundles.authority.issueRevocationList({ revoked, thisUpdate: bundles.clock.ms - DAY_MS / 2 })
  withChanged(
    'revocation/list-01.crl',
    () => list,
    () => {
      const { stdout, stderr } = run('sh', 'crl_check')
      assert.match(stderr, /certificate revoked/)
      assert.equal([...stdout.matchAll(/: not revoked by/g)].length, 3)
    },
  )
})

test('the ledger: the stamps, and the way from each entry to the root', { skip }, () => {
  const stamps = run('sh', '-digest')
  assert.ok(stamps.ok, stamps.stderr)
  withChanged(
    'ledger/stamp-01.root',
    (bytes) => Buffer.concat([Buffer.from('0'), bytes]),
    () => assert.ok(!run('sh', '-digest').ok),
  )
  const program = join(folder, '..', 'verify.py')
  writeFileSync(program, block('python', 'hashlib'))
  const python = () => spawnSync('bash', ['-euc', `python3 ${program} ledger/stamp-01.root ledger/entry-*.json`], { cwd: folder })
  const { status, stdout, stderr } = python()
  assert.equal(status, 0, stderr.toString())
  assert.match(stdout.toString(), /entry-01\.json: accepted at [^]*: delivered at [^]*: receipt-received at /)
  withChanged('ledger/entry-01.json', edit('mario@', 'maria@'), () =>
    assert.match(python().stderr.toString(), /AssertionError: ledger\/entry-01\.json: not the entry of its segment/),
  )
})

test('after the end of the certificates, with the time of the stamp', { skip }, () => {
  const [certificate = Buffer.alloc(0)] = certificatesOf(bundles.certificates.own)
  const end = Math.floor(readCertificate(certificate).notAfter / 1000)
  const past = end + 86_400 * 4000
  assert.ok(!run('sh', 'sha256sum', past).ok, 'the stamp is judged at a time when its certificate has ended')
  assert.ok(run('sh', 'sha256sum').ok)
})
