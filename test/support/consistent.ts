/** The end of every test that wrote mail: `ceralacca check` finds nothing wrong. */
import assert from 'node:assert/strict'
import type { Provider } from './provider.ts'

export async function consistent(provider: Provider): Promise<void> {
  const { code, stdout, stderr } = await provider.ceralacca('check')
  assert.equal(code, 0, stdout + stderr)
}
