import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { checkProof, deriveScramKeys, formatScramKeys, parseScramKeys, type ScramKeys } from './scram-keys.ts'

/** RFC 7677 3 */
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const AUTH_MESSAGE = [
  'n=user,r=rOprNGfwEbeRWgbNEkqO',
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
].join(',')
const PROOF = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')

test('the example of RFC 7677: the proof is right, and the signature is the one that it shows', async () => {
  const keys = await deriveScramKeys('pencil', SALT, 4096)
  assert.equal(checkProof(keys, AUTH_MESSAGE, PROOF)?.toString('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})

test('another password, salt, count, message or proof is wrong', async () => {
  const wrong: [ScramKeys, string, Buffer][] = [
    [await deriveScramKeys('Pencil', SALT, 4096), AUTH_MESSAGE, PROOF],
    [await deriveScramKeys('pencil', Buffer.from('other'), 4096), AUTH_MESSAGE, PROOF],
    [await deriveScramKeys('pencil', SALT, 4097), AUTH_MESSAGE, PROOF],
    [await deriveScramKeys('pencil', SALT, 4096), `${AUTH_MESSAGE} `, PROOF],
    [await deriveScramKeys('pencil', SALT, 4096), AUTH_MESSAGE, Buffer.alloc(32)],
  ]
  for (const [keys, message, proof] of wrong) assert.equal(checkProof(keys, message, proof), undefined)
})

test('property: the proof of the password is right, and every proof that differs in a bit is not', async () => {
  const keys = await deriveScramKeys('una parola', SALT, 4096)
  // What a client computes (RFC 5802 3), written out once more.
  const { pbkdf2Sync } = await import('node:crypto')
  const clientKey = createHmac('sha256', pbkdf2Sync('una parola', SALT, 4096, 32, 'sha256'))
    .update('Client Key')
    .digest()
  const storedKey = createHash('sha256').update(clientKey).digest()
  fc.assert(
    fc.property(fc.string(), fc.nat(255), (message, bit) => {
      const signature = createHmac('sha256', storedKey).update(message).digest()
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
      assert.ok(checkProof(keys, message, proof))
      proof[bit >> 3] = (proof[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(checkProof(keys, message, proof), undefined)
    }),
  )
})

test('what is stored is read again; what is not keys is a bug', async () => {
  const keys = await deriveScramKeys('una parola', SALT, 5000)
  assert.deepEqual(parseScramKeys(formatScramKeys(keys)), keys)
  const good = formatScramKeys(keys)
  for (const bad of [
    '',
    good.replace('256', '1'),
    good.replace('$5000', '$0'),
    good.slice(0, -5),
    `${good}\n`,
    good.replace(':', ';'),
  ])
    assert.throws(() => parseScramKeys(bad), { code: 'bad-scram-keys', fault: 'bug' })
})
