import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { generateAppPassword, hashAppPassword, isHashOf, readAppPassword } from './app-password-secret.ts'

test('seven groups of four letters and digits that nobody confuses, each as likely as the others', () => {
  const made = Array.from({ length: 2000 }, generateAppPassword)
  for (const secret of made) assert.match(secret, /^[a-km-np-z2-9]{4}(?:-[a-km-np-z2-9]{4}){6}$/)
  assert.equal(new Set(made).size, made.length)
  const counts = Map.groupBy(made.join('').replaceAll('-', ''), (letter) => letter)
  assert.equal(counts.size, 32, '5 bits each: 28 of them are 140')
  for (const { length } of counts.values()) assert.ok(Math.abs(length - 1750) < 300, String(length))
})

test('is read however it was typed', () => {
  const secret = generateAppPassword()
  const ways = [secret, secret.replaceAll('-', ''), secret.replaceAll('-', ' '), secret.toUpperCase(), ` ${secret}\n`]
  for (const typed of ways) assert.equal(readAppPassword(typed), secret, typed)
  for (const other of ['', 'una parola lunga', secret.slice(1), `${secret}a`, secret.replace(/^./, '0'), ' '.repeat(1e6)])
    assert.equal(readAppPassword(other), undefined)
})

test('property: what is read has the form of one, and is read again as itself', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9 -]{20,60}$/), (typed) => {
      const secret = readAppPassword(typed)
      if (secret !== undefined) assert.equal(readAppPassword(secret), secret)
    }),
  )
})

test('a hash is of one mailbox and of one secret', () => {
  const [secret, other] = [generateAppPassword(), generateAppPassword()]
  const hash = hashAppPassword('one', secret)
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.equal(isHashOf(hash, hashAppPassword('one', secret)), true)
  assert.equal(isHashOf(hash, hashAppPassword('two', secret)), false)
  assert.equal(isHashOf(hash, hashAppPassword('one', other)), false)
  assert.equal(isHashOf('', hash), false)
})
