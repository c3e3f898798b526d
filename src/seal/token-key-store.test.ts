import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testKeyStore } from './key-store.contract.ts'
import { openTestTokens, PIN, SOFTHSM_MODULE, tokenReady } from './test-token.ts'
import { createTokenKeyStore } from './token-key-store.ts'

const tokens = openTestTokens()
after(() => tokens.close())
// The library reads which tokens there are when it is initialised: they are made before.
const labels = SOFTHSM_MODULE === '' ? [] : Array.from({ length: 6 }, () => tokens.add())
const storeOf = (token: string, pin = PIN) => createTokenKeyStore({ module: SOFTHSM_MODULE, token, pin })

testKeyStore({
  name: 'token',
  create() {
    const label = labels.pop() ?? ''
    return { store: storeOf(label), again: () => storeOf(label) }
  },
  ready: tokenReady,
})

test('a token or a module that is not there is a temporary error', async (t) => {
  if (!tokenReady(t)) return
  await assert.rejects(storeOf('none').open('k'), { code: 'seal-token-unavailable', fault: 'temporary' })
  const other = createTokenKeyStore({ module: '/no/such/module.so', token: 'x', pin: PIN })
  await assert.rejects(other.open('k'), { code: 'seal-token-unavailable', fault: 'temporary' })
})

test('a store that was closed signs no more', async (t) => {
  if (!tokenReady(t)) return
  const store = storeOf(labels.pop() ?? '')
  const key = await store.create('k', 2048)
  await store.close()
  await assert.rejects(key.sign(Buffer.from('x')), { code: 'seal-token-unavailable' })
})
