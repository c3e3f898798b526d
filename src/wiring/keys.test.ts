import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readConfig } from '../config/config.ts'
import { certificatesOf } from '../seal/pem.ts'
import { openBench, type Bench } from '../seal/test-openssl.ts'
import { nextSealCertificate } from './keys.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

test('the seal certificate that comes next is announced alone, without those above it', () => {
  const file = bench.file('next.pem', `${bench.seal.certificate}${bench.authority.certificate}`)
  const next = nextSealCertificate(readConfig({ CERALACCA_SEAL_NEXT_CERTIFICATE_FILE: file }))
  assert.deepEqual(next, certificatesOf(bench.seal.certificate))
  assert.deepEqual(nextSealCertificate(readConfig({})), [])
})

test('a file that is not there is a mistake in the settings, and is named', () => {
  const config = readConfig({ CERALACCA_SEAL_NEXT_CERTIFICATE_FILE: '/no/such/file' })
  assert.throws(() => nextSealCertificate(config), { code: 'bad-config', message: /\/no\/such\/file/ })
})
