/** What every blob store must do. A test file of each implementation runs it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { uuidv7 } from '../base/ids.ts'
import type { BlobRef, BlobStore } from './blobs.ts'

const newRef = (slot = 17): BlobRef => ({ slot, id: uuidv7() })

async function all(refs: AsyncIterable<BlobRef>): Promise<BlobRef[]> {
  const found: BlobRef[] = []
  for await (const { slot, id } of refs) found.push({ slot, id })
  return found
}

const sorted = (refs: readonly BlobRef[]): string[] => refs.map(({ slot, id }) => `${slot}/${id}`).sort()

/** @param create makes a store that is empty */
export function testBlobStore(name: string, create: () => BlobStore): void {
  test(`${name}: gives back what was put, whole and in parts`, async () => {
    const store = create()
    const ref = newRef()
    const bytes = randomBytes(300_000)
    await store.put(ref, bytes)
    assert.ok(bytes.equals(await store.read(ref, 0, bytes.length)))
    assert.ok(bytes.subarray(123_456, 123_466).equals(await store.read(ref, 123_456, 10)))
    assert.ok(bytes.subarray(-1).equals(await store.read(ref, bytes.length - 1, 1)))
    assert.equal((await store.read(ref, bytes.length, 0)).length, 0)
  })

  test(`${name}: keeps an empty blob`, async () => {
    const store = create()
    const ref = newRef()
    await store.put(ref, Buffer.alloc(0))
    assert.equal((await store.read(ref, 0, 0)).length, 0)
  })

  test(`${name}: putting the same bytes again changes nothing, also at the same time`, async () => {
    const store = create()
    const ref = newRef(4095)
    const bytes = Buffer.from('same')
    await Promise.all([store.put(ref, bytes), store.put(ref, bytes)])
    await store.put(ref, bytes)
    assert.equal(String(await store.read(ref, 0, 4)), 'same')
    assert.deepEqual(await all(store.list(-10_000)), [ref])
  })

  test(`${name}: a blob belongs to its slot`, async () => {
    const store = create()
    const ref = newRef(1)
    await store.put(ref, Buffer.from('one'))
    await assert.rejects(store.read({ slot: 2, id: ref.id }, 0, 3), { code: 'blob-missing', fault: 'temporary' })
  })

  test(`${name}: says what is missing, and never gives less than was asked`, async () => {
    const store = create()
    const ref = newRef()
    await assert.rejects(store.read(ref, 0, 1), { code: 'blob-missing' })
    await store.put(ref, Buffer.from('abc'))
    await assert.rejects(store.read(ref, 1, 3), { code: 'blob-missing' })
    await assert.rejects(store.read(ref, 9, 1), { code: 'blob-missing' })
  })

  test(`${name}: deletes, also what is not there`, async () => {
    const store = create()
    const ref = newRef()
    await store.put(ref, Buffer.from('abc'))
    await store.delete(ref)
    await store.delete(ref)
    await assert.rejects(store.read(ref, 0, 3), { code: 'blob-missing' })
  })

  test(`${name}: lists what is older than asked`, async () => {
    const store = create()
    const refs = [newRef(0), newRef(0), newRef(4095)]
    for (const ref of refs) await store.put(ref, Buffer.from('abc'))
    // A negative age reaches into the future: everything is older than that.
    assert.deepEqual(sorted(await all(store.list(-10_000))), sorted(refs))
    assert.deepEqual(await all(store.list(10_000)), [])
  })

  test(`${name}: refuses a reference that is none`, async () => {
    const store = create()
    for (const ref of [
      { slot: 1, id: '../../etc/passwd' },
      { slot: -1, id: uuidv7() },
      { slot: 0.5, id: uuidv7() },
    ]) {
      await assert.rejects(store.put(ref, Buffer.from('x')), { code: 'bad-blob-ref', fault: 'bug' })
      await assert.rejects(store.read(ref, 0, 1), { code: 'bad-blob-ref' })
      await assert.rejects(store.delete(ref), { code: 'bad-blob-ref' })
    }
  })
}
