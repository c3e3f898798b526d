/** Bundles that were tampered with: by whoever has one in hand, and by a provider that signs something else. */
import assert from 'node:assert/strict'
import { PATH, pathsOf, readFacts, writeFacts, type BundleFiles } from '../../src/evidence/bundle-format.ts'
import { readMessage } from '../../src/pec/reading.ts'
import type { Sealer } from '../../src/seal/cms-template.ts'
import { TAG, childrenOf, expectTag, readOnly } from '../../src/seal/der.ts'
import { readSignedData } from '../../src/seal/signed-data.ts'
import { DAY_MS, fileOf, type TestBundles } from './bundles.ts'

/** The path of the first receipt of a kind. */
export function receiptOf(of: BundleFiles, kind: string): string {
  const path = pathsOf(of, 'receipt').find((one) => readMessage(fileOf(of, one)).daticert?.kind === kind)
  assert.ok(path, kind)
  return path
}

/** @param changes by path; null for a file that is taken out */
export function changed(of: BundleFiles, changes: Record<string, Buffer | null>): Map<string, Buffer> {
  const copy = new Map(of)
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes) copy.set(path, bytes)
    else copy.delete(path)
  }
  return copy
}

/** A file of a bundle with one bit of it changed. */
export function flipped(files: BundleFiles, path: string): Buffer {
  const bytes = Buffer.from(fileOf(files, path))
  const at = path === PATH.manifest ? 3 : Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

/** The stamp of a bundle with a certificate whose signature is said to end within a byte: its bits are as they were, and nobody takes it. */
export function unevenStamp(files: BundleFiles): Buffer {
  const stamp = Buffer.from(fileOf(files, PATH.stamp))
  const [certificate] = readSignedData(stamp).certificates
  assert.ok(certificate)
  const [, , signature] = childrenOf(readOnly(certificate), TAG.sequence)
  const unused = expectTag(signature, TAG.bitString).content
  const at = stamp.indexOf(certificate) + unused.byteOffset - certificate.byteOffset
  assert.equal(stamp[at], 0)
  stamp[at] = 1
  return stamp
}

type Case = [what: string, changes: Record<string, Buffer | null>, expected?: string | RegExp, sealer?: Sealer]

export interface Tampered {
  readonly what: string
  readonly files: BundleFiles
  /** what verifying names first; null where nothing is wrong */
  readonly expected: string | RegExp | null
}

/**
 * @param files a sender's bundle with receipts of this provider and of another one
 * @param other that of another message
 */
export async function signedOtherwise(
  { authority, certificates, clock, sealers, sign }: TestBundles,
  files: BundleFiles,
  other: BundleFiles,
): Promise<Tampered[]> {
  const delivery = receiptOf(files, 'avvenuta-consegna')
  const facts = readFacts(fileOf(files, PATH.facts))
  assert.ok(facts)
  const [proof = ''] = pathsOf(files, 'proof')
  const [otherProof = ''] = pathsOf(other, 'proof')
  const [list = ''] = pathsOf(files, 'list')
  const text = (path: string): string => fileOf(files, path).toString('latin1')
  const edit = (path: string, from: string, to: string): Buffer => {
    assert.ok(text(path).includes(from), from)
    return Buffer.from(text(path).replace(from, to), 'latin1')
  }
  const revoking = await authority.issueRevocationList({
    revoked: [{ certificate: certificates.other, at: clock.ms - 10 * DAY_MS }],
    thisUpdate: clock.ms,
  })
  const cases: Case[] = [
    ['nothing', {}],
    [
      'a receipt of another message',
      { [delivery]: fileOf(other, receiptOf(other, 'avvenuta-consegna')) },
      `other-message ${delivery}`,
    ],
    [
      'a forged receipt',
      { [delivery]: edit(delivery, 'Ricevuta di avvenuta', 'Ricevuta di Avvenuta') },
      `seal-wrong ${delivery}`,
    ],
    ['a receipt without a seal', { [delivery]: fileOf(files, PATH.original) }, `seal-missing ${delivery}`],
    ['an envelope as a receipt', { [delivery]: fileOf(files, PATH.envelope) }, `not-a-receipt ${delivery}`],
    ['a receipt as the envelope', { [PATH.envelope]: fileOf(files, delivery) }, `not-the-envelope ${PATH.envelope}`],
    [
      'a changed mark',
      { [delivery]: edit(delivery, 'X-Ricevuta: avvenuta-consegna', 'X-Ricevuta: errore-consegna') },
      `message-malformed ${delivery}`,
    ],
    ['another original', { [PATH.original]: fileOf(other, PATH.original) }, `other-original ${PATH.envelope}`],
    ['an entry of another message', { [proof]: fileOf(other, otherProof) }, `proof-other-message ${proof}`],
    ['a changed entry', { [proof]: edit(proof, 'mario@', 'maria@') }, `proof-wrong ${proof}`],
    ['no proof', { [proof]: Buffer.from('{}') }, `proof-malformed ${proof}`],
    ['another root', { 'ledger/stamp-01.root': Buffer.from('00') }, 'stamp-of-nothing ledger/stamp-01.root'],
    ['another token', { 'ledger/stamp-01.tst': fileOf(files, PATH.stamp) }, 'stamp-of-nothing ledger/stamp-01.tst'],
    ['no list', { [list]: Buffer.from('none') }, `list-wrong ${list}`],
    ['a list that revokes', { [list]: revoking }, /^seal-revoked messages\/receipt-/],
    ['no facts', { [PATH.facts]: Buffer.from('[]') }, `facts-malformed ${PATH.facts}`],
    ['another mailbox', { [PATH.facts]: writeFacts({ ...facts, mailbox: 'x@y.test' }) }, `other-mailbox ${PATH.facts}`],
    ['another identifier', { [PATH.facts]: writeFacts({ ...facts, pecMsgid: 'x@y.test' }) }, `other-message ${PATH.envelope}`],
    ['another maker', {}, /^other-maker messages\//, sealers.other],
  ]
  const tampered: Tampered[] = []
  for (const [what, changes, expected = null, sealer] of cases) {
    tampered.push({ what, files: await sign(changed(files, changes), sealer), expected })
  }
  return tampered
}
