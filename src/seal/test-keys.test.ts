import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSealer } from './cms-template.ts'
import { identityOfFiles } from './file-identity.ts'
import { ensureTestKeys } from './test-keys.ts'
import type { TestKeys } from './test-keys.ts'
import { NOW } from './test-openssl.ts'

const DAY = 86_400_000
const base = mkdtempSync(join(tmpdir(), 'ceralacca-keys-'))
after(() => rmSync(base, { recursive: true, force: true }))

const FILES = ['ca-key.pem', 'ca.pem', 'seal-key.pem', 'seal.pem', 'tls-key.pem', 'tls.pem']
const request = { providerName: 'Esempio', address: 'posta-certificata@example.it', names: ['localhost', '127.0.0.1'], now: NOW }

/** Everything belongs together: keys to certificates, certificates to the root; and a seal can be made. */
async function assertWhole(folder: string, keys: TestKeys): Promise<void> {
  assert.deepEqual(readdirSync(folder).sort(), FILES)
  const root = new X509Certificate(keys.ca.certificate)
  for (const { certificate, key, certificatePath, keyPath } of [keys.ca, keys.seal, keys.tls]) {
    assert.equal(readFileSync(certificatePath, 'utf8'), certificate)
    assert.equal(readFileSync(keyPath, 'utf8'), key)
    assert.equal(statSync(keyPath).mode & 0o777, 0o600)
    assert.ok(new X509Certificate(certificate).verify(root.publicKey))
  }
  const sealer = await openSealer(
    identityOfFiles({ certificate: keys.seal.certificate, chain: keys.ca.certificate, key: keys.seal.key }),
  )
  assert.equal(sealer.address, request.address)
}

test('made once, loaded afterwards, completed when any file is missing', async () => {
  const folder = join(base, 'completed')
  const keys = await ensureTestKeys(folder, request)
  await assertWhole(folder, keys)
  assert.deepEqual(await ensureTestKeys(folder, { ...request, now: NOW + DAY }), keys)
  for (const missing of FILES) {
    rmSync(join(folder, missing))
    const again = await ensureTestKeys(folder, request)
    await assertWhole(folder, again)
    assert.deepEqual(await ensureTestKeys(folder, request), again)
  }
})

test('two processes that start together end with the same keys', async () => {
  const folder = join(base, 'together')
  await Promise.all([ensureTestKeys(folder, request), ensureTestKeys(folder, request)])
  const keys = await ensureTestKeys(folder, request)
  await assertWhole(folder, keys)
  assert.deepEqual(await ensureTestKeys(folder, request), keys)
})

test('renewed within 30 days of the end, and when names or address change, with the same key', async () => {
  const folder = join(base, 'renewed')
  const keys = await ensureTestKeys(folder, request)
  assert.deepEqual(await ensureTestKeys(folder, { ...request, now: NOW + 366 * DAY }), keys)
  const renewed = await ensureTestKeys(folder, { ...request, now: NOW + 368 * DAY })
  assert.notEqual(renewed.tls.certificate, keys.tls.certificate)
  assert.deepEqual([renewed.tls.key, renewed.seal, renewed.ca], [keys.tls.key, keys.seal, keys.ca])
  const named = await ensureTestKeys(folder, { ...request, names: [...request.names, 'mail.example.it'] })
  assert.equal(new X509Certificate(named.tls.certificate).checkHost('mail.example.it'), 'mail.example.it')
  const moved = await ensureTestKeys(folder, { ...request, address: 'posta-certificata@example.com' })
  assert.equal(new X509Certificate(moved.seal.certificate).subjectAltName, 'email:posta-certificata@example.com')
  assert.equal(moved.seal.key, keys.seal.key)
})

test('a damaged file is named, not replaced', async () => {
  const folder = join(base, 'damaged')
  await ensureTestKeys(folder, request)
  writeFileSync(join(folder, 'seal.pem'), 'no certificate')
  await assert.rejects(ensureTestKeys(folder, request), { code: 'key-file-damaged', message: /seal\.pem/ })
  assert.equal(readFileSync(join(folder, 'seal.pem'), 'utf8'), 'no certificate')
})
