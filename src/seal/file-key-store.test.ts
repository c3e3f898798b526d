import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createFileKeyStore } from './file-key-store.ts'
import { testKeyStore } from './key-store.contract.ts'

const base = mkdtempSync(join(tmpdir(), 'ceralacca-file-keys-'))
after(() => rmSync(base, { recursive: true, force: true }))
const newFolder = (): string => join(mkdtempSync(join(base, 'store-')), 'not-made-yet')

for (const [name, passphrase] of [['in clear'], ['encrypted', 'una passphrase']] as const)
  testKeyStore({
    name: `file ${name}`,
    create() {
      const folder = newFolder()
      return { store: createFileKeyStore(folder, passphrase), again: () => createFileKeyStore(folder, passphrase) }
    },
    ready: () => true,
  })

test('with a passphrase the file is encrypted PKCS#8, for the owner alone, and opens with that passphrase only', async () => {
  const folder = newFolder()
  await createFileKeyStore(folder, 'giusta').create('k', 2048)
  assert.deepEqual(readdirSync(folder), ['k-key.pem'])
  const path = join(folder, 'k-key.pem')
  assert.match(readFileSync(path, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  for (const wrong of ['sbagliata', undefined])
    await assert.rejects(createFileKeyStore(folder, wrong).open('k'), (error: Error & { code: string }) => {
      assert.equal(error.code, 'seal-key-unreadable')
      assert.ok(!error.message.includes('sbagliata'))
      return true
    })
})

test('a damaged file is named as unreadable, and one of another kind as unfit', async () => {
  const folder = newFolder()
  const store = createFileKeyStore(folder)
  await store.create('good', 2048)
  writeFileSync(join(folder, 'bad-key.pem'), 'nothing')
  await assert.rejects(store.open('bad'), { code: 'seal-key-unreadable' })
})
