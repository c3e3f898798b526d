import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CeralaccaError } from '../base/errors.ts'
import { derFromBer } from './ber.ts'
import { TAG, element, octetString, sequence } from './der.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const isMalformed = (error: unknown): boolean => error instanceof CeralaccaError && error.code === 'der-malformed'

test('indefinite and overlong lengths, and octet strings in pieces, become DER', () => {
  assert.deepEqual(derFromBer(hex('30800201010000')), hex('3003020101'))
  assert.deepEqual(derFromBer(hex('3080308000000000')), hex('30023000'))
  assert.deepEqual(derFromBer(hex('30830000050281020001')), hex('300402020001'))
  assert.deepEqual(derFromBer(hex('24800401aa248004020bcc000004000000')), hex('0403aa0bcc'))
})

test('a SET keeps its order: what was signed stays what was signed', () => {
  assert.deepEqual(derFromBer(hex('31800201020201010000')), hex('3106020102020101'))
})

test('what is DER stays as it is', () => {
  const { tree } = fc.letrec<{ tree: Buffer; leaf: Buffer; branch: Buffer }>((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('branch')),
    leaf: fc.uint8Array({ maxLength: 300 }).map((value) => octetString(Buffer.from(value))),
    branch: fc.array(tie('tree'), { maxLength: 4 }).map((values) => sequence(...values)),
  }))
  fc.assert(fc.property(tree, (der) => assert.deepEqual(derFromBer(der), der)))
})

test('nonsense, hostile nesting and cut input are refused', () => {
  const wrong = ['', '3080', '308000', '0480', '30800000ff', '3003020101ff', '30ff', '24800201010000', '1f00', '3085ffffffffff']
  for (const text of wrong) assert.throws(() => derFromBer(hex(text)), isMalformed, text)
  assert.throws(() => derFromBer(Buffer.alloc(200_000, hex('3080'))), isMalformed)
  const deep = Array.from({ length: 60 }).reduce<Buffer>((inner) => element(TAG.sequence, inner), hex('0500'))
  assert.throws(() => derFromBer(deep), isMalformed)
})

test('random bytes are rewritten or refused, never anything else', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(0x30, 0x80, 0x00, 0x24, 0x04, 0x31), fc.nat(255)), { maxLength: 80 }),
      (bytes) => {
        try {
          const der = derFromBer(Buffer.from(bytes))
          assert.deepEqual(derFromBer(der), der)
        } catch (error) {
          assert.ok(isMalformed(error), String(error))
        }
      },
    ),
    { numRuns: 1000 },
  )
})
