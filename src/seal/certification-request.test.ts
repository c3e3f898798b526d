import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestCertification } from './certification-request.ts'
import { openFileKey } from './file-key.ts'
import { ADDRESS, openBench, skipOpenssl, type Bench } from './test-openssl.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

const subject = { country: 'IT', organization: 'Società Esempio S.p.A.', commonName: 'Società Esempio S.p.A.' }

test('openssl verifies the request and reads what it asks for', { skip: skipOpenssl }, async () => {
  bench.file('request.pem', await requestCertification({ subject, address: ADDRESS }, openFileKey(bench.seal.key)))
  const verified = bench.openssl('req', '-verify', '-in', 'request.pem', '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus')
  assert.ok(verified.ok)
  assert.match(verified.stderr, /verify OK/)
  const text = verified.stdout.toString()
  assert.match(text, /Subject: C=IT,O=Società Esempio S\.p\.A\.,CN=Società Esempio S\.p\.A\./)
  assert.match(text, /Key Usage: critical\s+Digital Signature\n/)
  assert.ok(text.includes(`email:${ADDRESS}`))
  assert.match(text, /Public-Key: \(2048 bit\)/)
})

test('a request that another key has signed does not verify', { skip: skipOpenssl }, async () => {
  const other = openFileKey(bench.authority.key)
  const key = { publicKey: openFileKey(bench.seal.key).publicKey, sign: other.sign }
  bench.file('false.pem', await requestCertification({ subject, address: ADDRESS }, key))
  assert.doesNotMatch(bench.openssl('req', '-verify', '-in', 'false.pem', '-noout').stderr, /verify OK/)
})
