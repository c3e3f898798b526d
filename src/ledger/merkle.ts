/**
 * Merkle trees as RFC 6962 2.1 has them: SHA-256, a leaf hashed behind a byte 00 and a node behind a byte 01, so that no leaf can be taken
 * for a node. Lists of hashes are one buffer, 32 bytes each. Pure.
 */
import { hash } from 'node:crypto'

export const HASH_BYTES = 32

const LEAF = '\u0000'
const NODE = Buffer.from([1])

/** Hash of a leaf: of a text in UTF-8. */
export const leafHash = (text: string): Buffer => hash('sha256', LEAF + text, 'buffer')

const nodeHash = (left: Buffer, right: Buffer): Buffer => hash('sha256', Buffer.concat([NODE, left, right]), 'buffer')

/** How many hashes a list has. */
export const countOf = (hashes: Buffer): number => hashes.length / HASH_BYTES

/** One of them. */
export const hashAt = (hashes: Buffer, index: number): Buffer => hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)

/** The level above: pairs are joined, and a last one without a partner goes up as it is, which gives the tree of RFC 6962. */
function levelAbove(hashes: Buffer): Buffer {
  const count = countOf(hashes)
  const above = Buffer.allocUnsafe(Math.ceil(count / 2) * HASH_BYTES)
  const pair = Buffer.allocUnsafe(1 + 2 * HASH_BYTES)
  pair[0] = 1
  for (let at = 0; at + 1 < count; at += 2) {
    hashes.copy(pair, 1, at * HASH_BYTES, (at + 2) * HASH_BYTES)
    hash('sha256', pair, 'buffer').copy(above, (at / 2) * HASH_BYTES)
  }
  if (count % 2 === 1) hashAt(hashes, count - 1).copy(above, above.length - HASH_BYTES)
  return above
}

/** The root over leaves; of none at all, the hash of nothing (RFC 6962 2.1). */
export function rootOf(leaves: Buffer): Buffer {
  if (leaves.length === 0) return hash('sha256', '', 'buffer')
  let level = leaves
  while (level.length > HASH_BYTES) level = levelAbove(level)
  return Buffer.from(level)
}

/** The path from a leaf to the root: its neighbour on each level, where it has one. */
export const pathOf = (leaves: Buffer, index: number): Buffer[] => pathsOf(leaves)(index)

/** The paths of several leaves of one tree, which is made once. */
export function pathsOf(leaves: Buffer): (index: number) => Buffer[] {
  const levels: Buffer[] = []
  for (let level = leaves; level.length > HASH_BYTES; level = levelAbove(level)) levels.push(level)
  return (index) =>
    levels.flatMap((level, height) => {
      const neighbour = (index >> height) ^ 1
      return neighbour < countOf(level) ? [Buffer.from(hashAt(level, neighbour))] : []
    })
}

/**
 * The root to which a path leads.
 * @param place which of how many leaves it is
 * @returns null where the path has not as many steps as the tree
 */
export function rootOfPath(
  leaf: Buffer,
  { index, size }: { index: number; size: number },
  path: readonly Buffer[],
): Buffer | null {
  if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || index >= size) return null
  const rest = [...path]
  let root = leaf
  for (let [at, count] = [index, size]; count > 1; [at, count] = [at >> 1, (count + 1) >> 1]) {
    if ((at ^ 1) >= count) continue
    const neighbour = rest.shift()
    if (!neighbour) return null
    root = (at & 1) === 0 ? nodeHash(root, neighbour) : nodeHash(neighbour, root)
  }
  return rest.length === 0 ? root : null
}
