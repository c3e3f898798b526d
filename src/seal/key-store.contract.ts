/** What every key store must do. A test file of each implementation runs it; openssl judges the signatures. */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { KeyStore } from './key-store.ts'

export interface ContractRequest {
  readonly name: string
  /** makes a store that is empty, and opens that store once more as another process would */
  readonly create: () => { readonly store: KeyStore; readonly again: () => KeyStore }
  /** whether the tests can run here; tells why not */
  readonly ready: (t: TestContext) => boolean
}

const spki = (der: Buffer) => createPublicKey({ key: der, type: 'spki', format: 'der' })

export function testKeyStore({ name, create, ready }: ContractRequest): void {
  test(`${name}: a key that was made signs, and is the same when it is opened again`, async (t) => {
    if (!ready(t)) return
    const { store, again } = create()
    const made = await store.create('seal-2027', 2048)
    const data = Buffer.from('what is signed')
    assert.ok(verify('sha256', data, spki(made.publicKey), await made.sign(data)))
    assert.deepEqual(spki(made.publicKey).asymmetricKeyDetails?.modulusLength, 2048)
    const later = again()
    const opened = await later.open('seal-2027')
    assert.deepEqual(opened.publicKey, made.publicKey)
    // RSASSA-PKCS1-v1_5 has one signature for one text: both stores write the same.
    assert.deepEqual(await opened.sign(data), await made.sign(data))
    await Promise.all([store.close(), later.close()])
  })

  test(`${name}: many signatures at once are each of their own data`, async (t) => {
    if (!ready(t)) return
    const { store } = create()
    const { publicKey, sign } = await store.create('parallel', 2048)
    const texts = Array.from({ length: 40 }, (_, number) => Buffer.from(`text ${number}`))
    const signatures = await Promise.all(texts.map(sign))
    assert.ok(texts.every((text, index) => verify('sha256', text, spki(publicKey), signatures[index] ?? Buffer.alloc(0))))
    await store.close()
  })

  test(`${name}: a key is never replaced, and two keys are two`, async (t) => {
    if (!ready(t)) return
    const { store } = create()
    const first = await store.create('one', 2048)
    await assert.rejects(store.create('one', 2048), { code: 'key-exists' })
    assert.deepEqual((await store.open('one')).publicKey, first.publicKey)
    assert.notDeepEqual((await store.create('two', 2048)).publicKey, first.publicKey)
    await store.close()
  })

  test(`${name}: what is not there, and what is no name, is said`, async (t) => {
    if (!ready(t)) return
    const { store } = create()
    await assert.rejects(store.open('nothing'), { code: 'seal-key-missing', fault: 'permanent' })
    for (const bad of ['', '../escape', 'A', 'a.b', '-a', 'a'.repeat(64)]) {
      await assert.rejects(store.open(bad), { code: 'bad-key-name', fault: 'client' })
      await assert.rejects(store.create(bad, 2048), { code: 'bad-key-name', fault: 'client' })
    }
    await store.close()
  })
}
