import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hasEightBit, sizeOf, streamOf } from './smtp-content.ts'

test('the stream has the bytes of the pieces in writes of bounded size, and tells of each and of the end', async () => {
  const piece = fc.nat({ max: 200_000 }).map((length) => Buffer.alloc(length, 'abcdefg'))
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (content) => {
      const told: boolean[] = []
      const writes: Buffer[] = []
      for await (const write of streamOf(content, (last) => told.push(last))) writes.push(write as Buffer)
      assert(Buffer.concat(writes).equals(Buffer.concat(content)))
      assert(writes.every(({ length }) => length > 0 && length <= 65_536))
      assert.deepEqual(told, [...writes.map(() => false), true])
    }),
    { numRuns: 50 },
  )
})

test('large pieces are not copied', async () => {
  const large = Buffer.alloc(1_000_000)
  for await (const write of streamOf([large], () => undefined)) assert.equal((write as Buffer).buffer, large.buffer)
})

test('size and 8-bit bytes are of all pieces together', () => {
  const content = [Buffer.from('abc'), Buffer.from('d\u00e8', 'latin1')]
  assert.equal(sizeOf(content), 5)
  assert.equal(hasEightBit(content), true)
  assert.equal(hasEightBit(content.slice(0, 1)), false)
})
