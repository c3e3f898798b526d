import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { oneLine, verdictOfReply } from './verdict.ts'

const read = (reply: string, command = 'RCPT TO'): string => {
  const { outcome, status } = verdictOfReply('mx.test', reply, command)
  return `${outcome} ${status}`
}

test('the enhanced code of a reply is taken where it fits the reply', () => {
  assert.equal(read('250 2.1.5 ok'), 'sent 2.1.5')
  assert.equal(read('550 5.7.1 go away'), 'failed 5.7.1')
  assert.equal(read('450-4.2.1 busy\n450 4.2.1 later'), 'deferred 4.2.1')
  assert.equal(read('550 4.7.1 contradicts itself'), 'failed 5.1.1')
  assert.equal(read('550 5.1.1.1 no code'), 'failed 5.1.1')
  assert.equal(read('550 5.1.1'), 'failed 5.1.1')
})

test('without one, RCPT replies get the likely code and others none', () => {
  assert.equal(read('550 no such user'), 'failed 5.1.1')
  assert.equal(read('552 over quota'), 'failed 5.2.2')
  assert.equal(read('452 later'), 'deferred 4.2.2')
  assert.equal(read('554 no', 'DATA'), 'failed 5.0.0')
  assert.equal(read('421 closing', 'DATA'), 'deferred 4.0.0')
})

test('what is no word on the mail is tried again', () => {
  assert.equal(read('503 5.5.1 bad sequence'), 'deferred 4.5.1')
  assert.equal(read('354 odd'), 'deferred 4.0.0')
  assert.equal(read('nonsense'), 'deferred 4.0.0')
  assert.equal(read(''), 'deferred 4.0.0')
})

test('a reply of several lines becomes one, with the code once', () => {
  const { text } = verdictOfReply('mx.test', '550-5.1.1 The user\r\n550-5.1.1 does not\r\n550 5.1.1 exist', 'RCPT TO')
  assert.equal(text, 'mx.test: 550 5.1.1 The user does not exist')
})

test('texts are printable, on one line, and bounded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
      const line = oneLine(text)
      assert(line.length <= 400)
      assert.match(line, /^[ -~]*$/)
    }),
  )
  assert.equal(oneLine('a\tb\r\nc\u0000 però'), 'a b c? per?')
})
