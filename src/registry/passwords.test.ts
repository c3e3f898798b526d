import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatePassword, hashPassword, verifyPassword } from './passwords.ts'

test('a hash is argon2id with its cost, salted, and knows its password only', async () => {
  const [one, two] = await Promise.all([hashPassword('parola segreta'), hashPassword('parola segreta')])
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.notEqual(one, two)
  assert.equal(await verifyPassword(one, 'parola segreta'), true)
  for (const wrong of ['parola segretA', '', 'parola segreta ', 'x'.repeat(100_000)]) {
    assert.equal(await verifyPassword(one, wrong), false)
  }
})

test('passwords too short and too long are refused', async () => {
  for (const weak of ['', '123456789', 'x'.repeat(201)]) {
    await assert.rejects(hashPassword(weak), { code: 'weak-password', fault: 'client' })
  }
  for (const long of ['1234567890', 'x'.repeat(200)]) assert.ok(await hashPassword(long))
})

test('a made password has four groups of five letters and digits that nobody confuses', () => {
  const made = Array.from({ length: 500 }, generatePassword)
  for (const password of made) assert.match(password, /^(?:[a-km-zA-HJ-NP-Z2-9]{5}(?:-(?!$)|$)){4}$/)
  assert.equal(new Set(made).size, made.length)
  const used = new Set(made.join('').replaceAll('-', ''))
  assert.equal(used.size, 56)
})
