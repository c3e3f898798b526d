/** The sealed ledger of a running provider, by its commands. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { unzipSync } from 'fflate'
import { PATH } from '../src/evidence/bundle-format.ts'
import { unzipBundle, zipBundle } from '../src/evidence/bundle-zip.ts'
import { VERIFY_COMMANDS } from '../src/evidence/extract-readme.ts'
import { readMessage } from '../src/pec/reading.ts'
import { consistent } from './support/consistent.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

interface Verified {
  verified: boolean
  entries: number
  waiting: number
  segments: number
  stamps: number
  unstamped: number
  problems: { where: string; says: string }[]
}

test('what a provider has certified is sealed, stamped without a network, and verified', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl')) return
  const provider = await startProvider(t)
  const [mario, lucia] = provider.accounts
  const message = plainMessage(mario.address, [lucia.address])
  assert.equal((await submit(provider, { account: mario, recipients: [lucia.address], message })).code, 0)
  const [acceptance] = await waitForMessages(await openMailbox(t, provider, mario), 2)

  const stamp = await provider.ceralacca('ledger', 'stamp', '--json')
  assert.equal(stamp.code, 0, stamp.stderr)
  assert.deepEqual(JSON.parse(stamp.stdout), { number: 1, missing: 0 })
  const verify = await provider.ceralacca('ledger', 'verify', '--files', '--json')
  assert.equal(verify.code, 0, verify.stdout + verify.stderr)
  const { verified, entries, stamps, unstamped, waiting } = JSON.parse(verify.stdout) as Verified
  assert.deepEqual({ verified, stamps, unstamped, waiting }, { verified: true, stamps: 1, unstamped: 0, waiting: 0 })
  // Three of the message, and one of each chain of the audit log in which the first start has written: of an operator, an order and an agreement.
  assert.ok(entries >= 4 && entries <= 6, String(entries))
  assert.ok(existsSync(join(provider.dataFolder, 'keys', 'stamp.pem')))

  const out = join(provider.dataFolder, 'lucia.zip')
  const asked = ['--requested-by', 'Lucia', '--reason', 'her own', '--mailbox', lucia.address, '--out', out]
  assert.equal((await provider.ceralacca('ledger', 'extract', ...asked)).code, 2, 'a title is asked for')
  const extract = await provider.ceralacca('ledger', 'extract', ...asked, '--title', 'holder', '--json')
  assert.equal(extract.code, 0, extract.stderr)
  const { id, ...made } = JSON.parse(extract.stdout) as { id: string; entries: number; notStamped: number }
  assert.equal(made.entries, 3)
  assert.equal(made.notStamped, 0)
  const unpacked = unzipSync(readFileSync(out))
  const folder = join(provider.dataFolder, 'lucia')
  for (const [name, bytes] of Object.entries(unpacked)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  const { status, stderr } = spawnSync('sh', ['-euc', VERIFY_COMMANDS], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.match(
    (await provider.ceralacca('message', 'show', id)).stdout,
    /extract-requested .*"requestedBy":"Lucia"[^]*extract-made/,
  )
  const { submission } = readMessage(acceptance?.source ?? Buffer.alloc(0))
  await verifiesBundles(provider, submission?.pecMsgid ?? 'none')

  const hold = ['--mailbox', lucia.address]
  assert.equal((await provider.ceralacca('ledger', 'hold', 'add', ...hold)).code, 2, 'a reason is asked for')
  assert.equal((await provider.ceralacca('ledger', 'hold', 'add', ...hold, '--reason', 'Procura di Roma, 12/2026')).code, 0)
  assert.match((await provider.ceralacca('ledger', 'hold', 'list')).stdout, /mailbox +lucia\S+ .*Procura di Roma/)
  assert.equal((await provider.ceralacca('ledger', 'hold', 'remove', ...hold)).code, 0)
  assert.equal((await provider.ceralacca('ledger', 'verify', '--from', 'yesterday')).code, 2)
  assert.match(
    (await provider.ceralacca('ledger', 'verify', '--from', '2020-01-01', '--to', '2020-12-31')).stdout,
    /^Verified: 0 entries/,
  )
  assert.match((await provider.ceralacca('ledger', 'seal')).stdout, /^\d+ entries sealed in/)
  await consistent(provider)
})

/** Bundles of both holders, made and verified by the commands. */
async function verifiesBundles(provider: Provider, id: string): Promise<void> {
  const [mario, lucia] = provider.accounts
  const out = join(provider.dataFolder, 'bundle.zip')
  const made = await provider.ceralacca('message', 'bundle', id, '--out', out)
  assert.equal(made.code, 0, made.stdout + made.stderr)
  assert.match(made.stdout, new RegExp(`: ${id}, ${mario.address}\nVerified\\.`))
  const received = await provider.ceralacca('message', 'bundle', id, '--out', out, '--mailbox', lucia.address)
  assert.match(received.stderr, /exists already/)
  rmSync(out)
  assert.equal((await provider.ceralacca('message', 'bundle', id, '--out', out, '--mailbox', lucia.address)).code, 0)
  const verified = await provider.ceralacca('verify', out, '--ca', provider.ca)
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  assert.match(verified.stdout, /^Verified\.[^]*The ledger has the event "delivered"/m)
  const files = new Map(unzipBundle(readFileSync(out)))
  files.set(PATH.original, Buffer.from('Subject: x\r\n\r\n'))
  writeFileSync(out, zipBundle(files, Date.now()))
  const tampered = await provider.ceralacca('verify', out, '--language', 'it')
  assert.equal(tampered.code, 1)
  assert.match(tampered.stdout, /NON verificato\. La prima cosa che non va: messages\/original\.eml: non /)
}

test('an authority that does not answer is told of, and holds nothing up', async (t) => {
  const provider = await startProvider(t, {
    environment: { CERALACCA_TIMESTAMP_URLS: 'http://127.0.0.1:9/tsa, http://user:secret7@127.0.0.1:9/second' },
  })
  const { code, stdout, stderr } = await provider.ceralacca('ledger', 'stamp')
  assert.equal(code, 1)
  assert.match(stdout, /^Stamp 1; 1 stamps wait/)
  assert.doesNotMatch(stderr, /secret7/)
  const verify = await provider.ceralacca('ledger', 'verify')
  assert.match(verify.stdout, /^Verified: .*1 stamps \(1 without their time stamp yet\)/)
  assert.doesNotMatch((await provider.ceralacca('config')).stdout, /secret7/)
})
