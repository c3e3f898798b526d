import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { proveEntry } from './proof.ts'
import { verifyProof, type InclusionProof, type ProofResult } from './verify-proof.ts'
import { openTestLedger, TEST_ROOTS } from './test-ledger.ts'

const scope = lastFirst({ after })
const { connection, folder } = await withTestDatabase(scope)
const ledger = await openTestLedger(scope, connection, folder)
const { append, keeper, queries, clock } = ledger

await append(17, 5)
await append(300, 1)
await append(20, 8)
await keeper.sealNow()
clock.at += 60_000
await append(17, 2)
await keeper.sealNow()
assert.equal(await proveEntry(queries, 17, 5), null, 'nothing is stamped yet')
clock.at += 60_000
const stampedAt = Math.floor(clock.at / 1000) * 1000
await keeper.stampNow()
clock.at += 60_000
await append(17, 2)
await keeper.stampNow()
await append(17, 1)

const proofOf = async (slot: number, seq: number): Promise<InclusionProof> => {
  const proof = await proveEntry(queries, slot, seq)
  assert.ok(proof)
  // What is kept is text.
  return JSON.parse(JSON.stringify(proof)) as InclusionProof
}

test('each entry that is stamped has its proof, which needs nothing but the roots', async () => {
  for (const [slot, seqs] of [
    [17, [1, 3, 5, 6, 7]],
    [300, [1]],
    [20, [1, 8]],
  ] as const) {
    for (const seq of seqs) assert.deepEqual(verifyProof(await proofOf(slot, seq), TEST_ROOTS), { ok: true, stampedAt })
  }
  assert.deepEqual(verifyProof(await proofOf(17, 9), TEST_ROOTS), { ok: true, stampedAt: stampedAt + 60_000 })
  assert.equal(await proveEntry(queries, 17, 10), null, 'not sealed yet')
  assert.equal(await proveEntry(queries, 17, 99), null, 'not there')
})

test('nothing in a proof can be changed', async () => {
  const proof = await proofOf(17, 3)
  const other = await proofOf(17, 4)
  const later = await proofOf(17, 6)
  const elsewhere = await proofOf(300, 1)
  assert.equal(proof.segments.length, 2)
  const [first = '', second = ''] = proof.segments
  const cases: [Partial<InclusionProof>, reason: (ProofResult & { ok: false })['reason']][] = [
    [{ entry: proof.entry.replace('mario', 'maria') }, 'other-entry'],
    [{ entry: other.entry }, 'other-entry'],
    [{ path: other.path }, 'other-entry'],
    [{ path: proof.path.slice(1) }, 'other-entry'],
    [{ entry: 'no' }, 'malformed'],
    [{ segments: [] }, 'malformed'],
    [{ segments: [first, second.replace('"2026', '"2027')] }, 'other-head'],
    [{ segments: [`${first} `, second] }, 'malformed'],
    [{ segments: [first.replace('"2026', '"2025'), second] }, 'broken-chain'],
    [{ segments: [first] }, 'other-head'],
    [{ segments: [first, second, second] }, 'broken-chain'],
    [{ segments: elsewhere.segments }, 'other-entry'],
    [{ segments: later.segments }, 'other-entry'],
    [{ stamp: proof.stamp.map((line) => line.replace('-stamp",1,1', '-stamp",1,2')) }, 'time-stamp-other-digest'],
    [{ stamp: [...proof.stamp, 'x'] }, 'time-stamp-other-digest'],
    [{ stamp: (await proofOf(17, 8)).stamp }, 'other-head'],
    [{ token: (await proofOf(17, 8)).token }, 'time-stamp-other-digest'],
    [{ token: '' }, 'time-stamp-not-cms'],
  ]
  for (const [change, reason] of cases) {
    assert.deepEqual(
      verifyProof({ ...proof, ...change }, TEST_ROOTS),
      { ok: false, reason },
      JSON.stringify(change).slice(0, 200),
    )
  }
  assert.deepEqual(verifyProof(proof, []), { ok: false, reason: 'time-stamp-untrusted-chain' })
})
