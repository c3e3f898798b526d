import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { uuidv7 } from '../base/ids.ts'
import { testBlobStore } from './blob-store.contract.ts'
import { createDiskBlobStore } from './disk-blob-store.ts'
import { lastFirst, testFolder } from './test-database.ts'

const folder = testFolder({ after })
const newFolder = (): string => join(mkdtempSync(join(folder, 'blobs-')), 'not', 'made', 'yet')

testBlobStore('disk', () => createDiskBlobStore(newFolder()))

const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('a path is slot in hex, shard, id', async () => {
  const root = newFolder()
  const ref = { slot: 4095, id: '01890000-0000-7000-8000-0000000000ab' }
  await createDiskBlobStore(root).put(ref, Buffer.from('x'))
  assert.deepEqual(filesOf(root), [join(root, 'fff', 'b', ref.id)])
})

test('a full disk is a temporary error and leaves nothing behind', async (context) => {
  const t = lastFirst(context)
  const small = join(testFolder(t), 'small')
  mkdirSync(small)
  const mounted = process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]).status === 0
  if (!mounted) {
    context.skip('a small file system can only be mounted by root')
    return
  }
  t.after(() => void spawnSync('umount', [small]))
  const store = createDiskBlobStore(join(small, 'blobs'))
  await assert.rejects(store.put({ slot: 1, id: uuidv7() }, Buffer.alloc(1_000_000)), { code: 'disk-full', fault: 'temporary' })
  assert.deepEqual(filesOf(small), [])
  const ref = { slot: 1, id: uuidv7() }
  await store.put(ref, Buffer.from('small enough'))
  assert.equal(String(await store.read(ref, 0, 5)), 'small')
})

test('a process killed while it writes leaves whole blobs and temporary files, which the sweep removes', async (context) => {
  const t = lastFirst(context)
  const root = testFolder(t)
  const code = `
    const { createDiskBlobStore } = await import(${JSON.stringify(new URL('./disk-blob-store.ts', import.meta.url).href)})
    const { uuidv7 } = await import(${JSON.stringify(new URL('../base/ids.ts', import.meta.url).href)})
    const store = createDiskBlobStore(${JSON.stringify(root)})
    const writer = async () => { for (;;) await store.put({ slot: 3, id: uuidv7() }, Buffer.alloc(2_000_000, 'x')) }
    for (let i = 0; i < 4; i++) void writer()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
  const isWhole = (path: string): boolean => !basename(path).startsWith('.')
  while (!filesOf(root).some(isWhole)) await pause(5)
  child.kill('SIGKILL')
  await once(child, 'exit')

  const store = createDiskBlobStore(root)
  let whole = 0
  for await (const ref of store.list(-10_000)) {
    assert.equal((await store.read(ref, 0, 2_000_000)).at(-1), 120)
    whole++
  }
  assert.ok(whole > 0)
  await store.sweepTemporary(-10_000)
  assert.equal(filesOf(root).length, whole)
})

test('the sweep spares temporary files that are still being written', async () => {
  const root = newFolder()
  const shard = join(root, '001', 'b')
  mkdirSync(shard, { recursive: true })
  mkdirSync(join(root, 'lost+found'))
  const [fresh, stale] = [`.${uuidv7()}.x`, `.${uuidv7()}.x`]
  for (const name of [fresh, stale, '.directory']) writeFileSync(join(shard, name), '')
  for (const name of [stale, '.directory']) utimesSync(join(shard, name), new Date(0), new Date(0))
  assert.equal(await createDiskBlobStore(root).sweepTemporary(60_000), 1)
  assert.deepEqual(readdirSync(shard).sort(), [fresh, '.directory'].sort())
})

test('putting a blob again gives it a new grace time', async () => {
  const root = newFolder()
  const store = createDiskBlobStore(root)
  const ref = { slot: 1, id: uuidv7() }
  await store.put(ref, Buffer.from('abc'))
  for (const file of filesOf(root)) utimesSync(file, new Date(0), new Date(0))
  await store.put(ref, Buffer.from('abc'))
  for await (const old of store.list(60_000)) assert.fail(`${old.id} counts as old`)
})
