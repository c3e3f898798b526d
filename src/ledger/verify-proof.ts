/**
 * Inclusion proofs: that an entry was in the ledger when a time-stamping authority stamped it. A proof is text and can be kept with the
 * entry; verifying it needs no database, only the certificates of who vouches for the authority. Pure.
 */
import { verifyTimeStamp, type TimeStampFailure } from '../seal/time-stamp.ts'
import { leafHash, rootOfPath } from './merkle.ts'
import { chainOf, entryAt, hashOfLine, headLine, indexOf, readSegmentLine, sizeOf, stampRoot } from './sealed-lines.ts'

export interface InclusionProof {
  readonly version: 1
  /** the canonical form of the entry */
  readonly entry: string
  /** the Merkle path from the entry to the root of its segment, each hash in hexadecimal */
  readonly path: readonly string[]
  /** lines of the segments from that of the entry to the one that is a stamped head */
  readonly segments: readonly string[]
  /** the lines under the stamp */
  readonly stamp: readonly string[]
  /** the time stamp token, DER in base64 */
  readonly token: string
}

export type ProofFailure =
  | 'malformed'
  /** the entry is not the one of its segment */
  | 'other-entry'
  /** a segment does not follow the one before it */
  | 'broken-chain'
  /** the stamp is over something else */
  | 'other-head'
  | `time-stamp-${TimeStampFailure}`

export type ProofResult =
  | { readonly ok: true; /** when the authority saw it, milliseconds since 1970 */ readonly stampedAt: number }
  | { readonly ok: false; readonly reason: ProofFailure }

const failed = (reason: ProofFailure): ProofResult => ({ ok: false, reason })

/** The slot and the number that a canonical form names. */
function placeOf(entry: string): { slot: number; seq: number } | null {
  const [, slot, seq] = /^\[1,(\d+),(\d+),/.exec(entry) ?? []
  return slot === undefined ? null : { slot: Number(slot), seq: Number(seq) }
}

/**
 * Verifies a proof. Pure: no database, no network, no clock.
 * @param roots DER of the CA certificates that vouch for the time-stamping authority
 */
export function verifyProof(proof: InclusionProof, roots: readonly Buffer[]): ProofResult {
  const place = placeOf(proof.entry)
  const segments = proof.segments.map(readSegmentLine)
  const [first] = segments
  if (!place || !first || segments.includes(null)) return failed('malformed')

  const index = indexOf(first.ranges, place.slot, place.seq)
  const named = entryAt(first.ranges, index)
  const path = proof.path.map((hash) => Buffer.from(hash, 'hex'))
  const root = rootOfPath(leafHash(proof.entry), { index, size: sizeOf(first.ranges) }, path)
  if (named === null || root?.equals(first.root) !== true || chainOf(place.slot) !== first.chain) return failed('other-entry')

  for (const [at, segment] of segments.entries()) {
    const before = proof.segments[at - 1]
    const follows = before === undefined || segment?.previous.equals(hashOfLine(before)) === true
    if (segment?.chain !== first.chain || !follows) return failed('broken-chain')
  }

  const last = proof.segments.at(-1) ?? ''
  const head = headLine({ chain: first.chain, number: segments.at(-1)?.number ?? 0, hash: hashOfLine(last) })
  if (!proof.stamp.includes(head)) return failed('other-head')
  const stamp = verifyTimeStamp(Buffer.from(proof.token, 'base64'), { digest: stampRoot(proof.stamp), roots })
  return stamp.ok ? { ok: true, stampedAt: stamp.time } : failed(`time-stamp-${stamp.reason}`)
}
