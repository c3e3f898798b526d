import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { leafHash, pathOf, rootOf, rootOfPath } from './merkle.ts'

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  hash('sha256', Buffer.concat(parts.map((part) => Buffer.from(part))), 'buffer')

/** As RFC 6962 2.1 defines it, by the largest power of two below. */
function byDefinition(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return sha256('')
  if (leaves.length === 1) return sha256('\0', leaves[0] ?? '')
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return sha256('\u0001', byDefinition(leaves.slice(0, half)), byDefinition(leaves.slice(half)))
}

const leavesOf = (texts: readonly string[]): Buffer => Buffer.concat(texts.map(leafHash))
const texts = (count: number): string[] => Array.from({ length: count }, (_, index) => `è ${index}`)

test('the root is that of RFC 6962', () => {
  assert.equal(rootOf(Buffer.alloc(0)).toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.equal(leafHash('').toString('hex'), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  for (let count = 0; count < 40; count++) assert.deepEqual(rootOf(leavesOf(texts(count))), byDefinition(texts(count)))
})

test('property: each leaf has its path to the root, and no other leaf, place or path leads there', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), (size, any, other) => {
      const index = any % size
      const leaves = leavesOf(texts(size))
      const leaf = leafHash(`è ${index}`)
      const path = pathOf(leaves, index)
      const root = rootOf(leaves)
      assert.deepEqual(rootOfPath(leaf, { index, size }, path), root)
      assert.notDeepEqual(rootOfPath(leafHash('x'), { index, size }, path), root)
      const elsewhere = other % size
      if (elsewhere !== index) assert.notDeepEqual(rootOfPath(leaf, { index: elsewhere, size }, path), root)
      assert.equal(rootOfPath(leaf, { index, size }, [...path, leaf]), null)
      if (path.length > 0) assert.equal(rootOfPath(leaf, { index, size }, path.slice(1)), null)
      for (const wrong of [-1, size, 0.5]) assert.equal(rootOfPath(leaf, { index: wrong, size }, path), null)
    }),
  )
})
