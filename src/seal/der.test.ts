import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CeralaccaError } from '../base/errors.ts'
import {
  TAG,
  dottedOf,
  element,
  objectIdentifier,
  readAll,
  readElement,
  readOnly,
  sequence,
  setOf,
  timeElement,
  timeOf,
} from './der.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const isMalformed = (error: unknown): boolean => error instanceof CeralaccaError && error.code === 'der-malformed'

test('lengths are written in their shortest form and read back', () => {
  assert.equal(element(TAG.octetString, Buffer.alloc(127)).subarray(0, 2).toString('hex'), '047f')
  assert.equal(element(TAG.octetString, Buffer.alloc(128)).subarray(0, 3).toString('hex'), '048180')
  assert.equal(element(TAG.octetString, Buffer.alloc(65536)).subarray(0, 5).toString('hex'), '0483010000')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), (value) => {
      const read = readOnly(element(TAG.octetString, Buffer.from(value)), TAG.octetString)
      assert.deepEqual(read.content, Buffer.from(value))
    }),
    { numRuns: 30 },
  )
})

test('object identifiers: known encodings, and round trip', () => {
  assert.equal(objectIdentifier('1.2.840.113549.1.7.2').toString('hex'), '06092a864886f70d010702')
  assert.equal(objectIdentifier('2.5.29.37.0').toString('hex'), '0604551d2500')
  const dotted = fc.oneof(
    fc.tuple(fc.constantFrom(0, 1), fc.nat(39), fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 })),
    fc.tuple(fc.constant(2), fc.nat(1000), fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 })),
  )
  fc.assert(
    fc.property(dotted, ([first, second, rest]) => {
      const text = [first, second, ...rest].join('.')
      assert.equal(dottedOf(readOnly(objectIdentifier(text)).content), text)
    }),
  )
  for (const wrong of ['', '80', '2a80', '2a8001']) assert.throws(() => dottedOf(hex(wrong)), isMalformed, wrong)
})

test('times: UTCTime before 2050, GeneralizedTime after, whole seconds', () => {
  const last = Date.UTC(2049, 11, 31, 23, 59, 59)
  assert.equal(timeElement(last).toString('latin1'), '\x17\x0d491231235959Z')
  assert.equal(timeElement(last + 1000).toString('latin1'), '\x18\x0f20500101000000Z')
  assert.equal(timeOf(readOnly(hex(Buffer.from('\x17\x0d500101000000Z', 'latin1').toString('hex')))), Date.UTC(1950, 0, 1))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (ms) => {
      assert.equal(timeOf(readOnly(timeElement(ms))), Math.floor(ms / 1000) * 1000)
    }),
  )
  for (const wrong of ['260230000000Z', '2602010000Z', '260201000000+0100', '261301000000Z', '260201240001Z']) {
    assert.throws(() => timeOf(readOnly(element(TAG.utcTime, Buffer.from(wrong)))), isMalformed, wrong)
  }
})

test('a SET OF is sorted by its encodings', () => {
  const [short, long] = [hex('0401ff'), hex('04020000')]
  assert.deepEqual(setOf(long, short), element(TAG.set, short, long))
})

test('the reader is strict', () => {
  const wrong = [
    '',
    '04',
    '0402ff',
    '048101ff',
    '04820080' + '00'.repeat(128),
    '0480ff0000',
    '1f8101',
    '0485000000000100',
    '04ff',
  ]
  for (const text of wrong) assert.throws(() => readElement(hex(text)), isMalformed, text)
  assert.throws(() => readOnly(hex('040000')), isMalformed)
  assert.throws(() => readOnly(hex('0400'), TAG.set), isMalformed)
})

test('times are those of a calendar, in the one form of DER', () => {
  const time = (tag: number, text: string) => () => timeOf(readOnly(element(tag, Buffer.from(text))))
  assert.equal(time(TAG.generalizedTime, '20240229235959Z')(), Date.UTC(2024, 1, 29, 23, 59, 59))
  assert.equal(time(TAG.generalizedTime, '20000229000000Z')(), Date.UTC(2000, 1, 29))
  assert.equal(time(TAG.utcTime, '500101000000Z')(), Date.UTC(1950, 0, 1))
  assert.equal(time(TAG.utcTime, '491231000000Z')(), Date.UTC(2049, 11, 31))
  for (const text of [
    '20230229000000Z',
    '21000229000000Z',
    '20240431000000Z',
    '20240001000000Z',
    '20241301000000Z',
    '20240100000000Z',
  ])
    assert.throws(time(TAG.generalizedTime, text), isMalformed, text)
  for (const text of [
    '240101240000Z',
    '240101006000Z',
    '240101000060Z',
    '2401010000Z',
    '240101000000+',
    '24010100000 Z',
    '20240101000000Z',
  ])
    assert.throws(time(TAG.utcTime, text), isMalformed, text)
  assert.throws(time(TAG.generalizedTime, '00990101000000Z'), isMalformed)
  assert.throws(time(TAG.octetString, '240101000000Z'), isMalformed)
})

test('at most a thousand elements in one', () => {
  assert.equal(readAll(hex('0500'.repeat(1000))).length, 1000)
  assert.throws(() => readAll(hex('0500'.repeat(1001))), isMalformed)
})

test('random bytes are read or refused, never anything else, and never beyond their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes)
      try {
        assert.deepEqual(Buffer.concat(readAll(buffer).map((one) => one.bytes)), buffer)
      } catch (error) {
        assert.ok(isMalformed(error), String(error))
      }
    }),
    { numRuns: 500 },
  )
  assert.deepEqual(readAll(sequence()), [{ tag: TAG.sequence, bytes: hex('3000'), content: hex('') }])
})
