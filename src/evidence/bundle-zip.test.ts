import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zipSync } from 'fflate'
import { isKnownPath, readFacts, readManifest, writeManifest } from './bundle-format.ts'
import { readProof } from './bundle-proofs.ts'
import { verifyBundle } from './bundle-verify.ts'
import { isZip, unzipBundle, zipBundle } from './bundle-zip.ts'

const AT = Date.UTC(2026, 2, 15, 9, 30, 20)
const files = new Map([
  ['bundle.json', Buffer.from('{}')],
  ['messages/envelope.eml', Buffer.alloc(100_000, 'x')],
])

test('what is zipped comes out again, and the same files make the same bytes', () => {
  const zip = zipBundle(files, AT)
  assert.ok(isZip(zip))
  assert.deepEqual(unzipBundle(zip), files)
  assert.deepEqual(zipBundle(files, AT), zip)
})

test('what another program packed, with its folders, is read', () => {
  const zip = Buffer.from(zipSync({ messages: { 'envelope.eml': Buffer.from('x') }, 'empty/': new Uint8Array() }))
  assert.deepEqual([...unzipBundle(zip).keys()], ['messages/envelope.eml'])
})

test('what is no ZIP, is cut, is too large, or has a file twice, is refused', () => {
  const zip = zipBundle(files, AT)
  const refused = (bytes: Buffer): void => assert.throws(() => unzipBundle(bytes), { code: 'not-a-bundle' })
  refused(Buffer.from('PK\u0003\u0004'))
  refused(zip.subarray(0, -30))
  const twice = Buffer.from(zipSync({ 'a.json': Buffer.from('1'), 'b.json': Buffer.from('2') }))
  refused(Buffer.from(twice.toString('latin1').replaceAll('b.json', 'a.json'), 'latin1'))
  // The directory at the end says how large a file becomes: 4 GB, in the field before the names' length.
  const bomb = Buffer.from(zip)
  bomb.writeUInt32LE(0xfffffff0, bomb.indexOf('PK\u0001\u0002', 0, 'latin1') + 24)
  refused(bomb)
})

test('paths, manifest and facts: only what is exactly one', () => {
  for (const path of ['../etc/passwd', '/messages/envelope.eml', 'messages/receipt-1.eml', 'messages/receipt-01.eml/x'])
    assert.equal(isKnownPath(path), false, path)
  const manifest = writeManifest(files)
  assert.deepEqual([...(readManifest(manifest)?.keys() ?? [])], [...files.keys()])
  for (const text of [
    '',
    `${manifest.toString()}${manifest.toString()}`,
    manifest.toString().slice(0, -1),
    'x\n',
    `${'0'.repeat(64)} *../x \n`,
  ])
    assert.equal(readManifest(Buffer.from(text)), null, text)
  for (const text of ['', 'null', '[]', '"x"', '{"format":"ceralacca-evidence-bundle","version":2}']) {
    assert.equal(readFacts(Buffer.from(text)), null)
    assert.equal(readProof(Buffer.from(text)), null)
  }
})

test('a bundle of nothing is none', () => {
  const { verified, wrong } = verifyBundle(new Map(), null)
  assert.equal(verified, false)
  assert.deepEqual(wrong[0]?.code, 'not-a-bundle')
})
