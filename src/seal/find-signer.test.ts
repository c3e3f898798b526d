import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { findSigner } from './find-signer.ts'
import { certificatesOf } from './pem.ts'
import { NOW, openBench, skipOpenssl, type Bench } from './test-openssl.ts'

let bench: Bench
let cms: Buffer
before(async () => {
  bench = await openBench()
  cms = await bench.sealer.seal(hash('sha256', 'text', 'buffer'), NOW)
})
after(() => bench.close())

test('the certificate and the time that a seal names, whatever it seals', () => {
  assert.deepEqual(findSigner(cms), { certificate: certificatesOf(bench.seal.certificate)[0], signingTime: NOW })
})

test('of a seal without its certificate, or with two signers, nobody', { skip: skipOpenssl }, () => {
  const sign = (...options: string[]): Buffer => {
    bench.file('text', 'text')
    const pair = ['-signer', 'seal.pem', '-inkey', 'seal-key.pem']
    const { ok, stdout, stderr } = bench.openssl('cms', '-sign', '-binary', '-in', 'text', ...pair, '-outform', 'DER', ...options)
    assert.ok(ok, stderr)
    return stdout
  }
  assert.equal(findSigner(sign('-keyid'))?.certificate.equals(certificatesOf(bench.seal.certificate)[0] ?? cms), true)
  assert.equal(findSigner(sign('-nocerts')), null)
  assert.equal(findSigner(sign('-signer', 'ca.pem', '-inkey', bench.file('ca-key.pem', bench.authority.key))), null)
  assert.equal(findSigner(sign('-noattr'))?.signingTime, null)
})

test('any bytes are read without an error', () => {
  const mutants = fc
    .array(fc.record({ at: fc.nat(cms.length), cut: fc.nat(20), put: fc.uint8Array({ maxLength: 8 }) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) =>
      edits.reduce((bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]), cms),
    )
  fc.assert(
    fc.property(
      fc.oneof(
        mutants,
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => void findSigner(bytes),
    ),
  )
})
