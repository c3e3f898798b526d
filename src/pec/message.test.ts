import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { MESSAGE, certifiable, envelopeOf, wholeOf } from '../../test/support/certification.ts'
import { takeApart } from '../../test/support/take-apart.ts'
import { parseStructure } from '../mime/structure.ts'
import { closeMessage, composeMessage, digestOf, type UnsealedMessage } from './message.ts'

const certified = certifiable(MESSAGE)

test('the digest is that of the first part, without the line break before the boundary (RFC 1847 2.1)', () => {
  const message = envelopeOf(certified)
  const { signed } = takeApart(wholeOf(message, certified.body))
  const expected = createHash('sha256').update(signed).digest()
  assert.deepEqual(digestOf(message, [certified.body]), expected)
  const pieces = [certified.body.subarray(0, 3), certified.body.subarray(3)]
  assert.deepEqual(digestOf(message, pieces), expected)
})

test('without data, or without an original, their parts are missing and the others are whole', () => {
  const text = { plain: 'Testo \xe8\r\n', html: '<p>Testo</p>' }
  const types = (message: UnsealedMessage, body?: Buffer): string[] => {
    const [mixed] = parseStructure(wholeOf(message, body)).root.children
    return mixed?.children.map(({ subtype }) => subtype) ?? []
  }
  assert.deepEqual(types(composeMessage([], text, null, null)), ['alternative'])
  assert.deepEqual(types(composeMessage([], text, '<x/>', null)), ['alternative', 'xml'])
  const { original, body } = certified
  assert.deepEqual(types(composeMessage([], text, null, original), body), ['alternative', 'rfc822'])
  assert.deepEqual(types(composeMessage([], text, '<x/>', original), body), ['alternative', 'xml', 'rfc822'])
})

test('every message has boundaries of its own, which no sender can guess', () => {
  const boundaries = (): string[] => {
    const text = wholeOf(envelopeOf(certified)).toString('latin1')
    return Array.from(text.matchAll(/boundary="([^"]+)"/g), (match) => match[1] ?? '')
  }
  const [first, second] = [boundaries(), boundaries()]
  assert.equal(new Set([...first, ...second]).size, 6)
  for (const boundary of first) assert.match(boundary, /[0-9a-f]{32}$/)
})

test('a seal of any length ends the message with its last boundary', () => {
  const message = envelopeOf(certified)
  for (const length of [1, 56, 57, 58, 3000]) {
    const seal = Buffer.alloc(length, 7)
    const whole = Buffer.concat([message.head, certified.body, closeMessage(message, seal)])
    assert.deepEqual(takeApart(whole).seal, seal)
  }
})
