import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainOf } from '../base/domain-of.ts'
import { canonicalAddress, checkedAddress } from './address.ts'

test('addresses that a mailbox may have, in lower case', () => {
  const good = ['mario.rossi@pec.example.it', 'a@b.it', "o'neill+x@pec.it", `${'a'.repeat(64)}@pec.it`, '1_2-3@pec.it']
  for (const address of good) assert.equal(checkedAddress(address), address)
  assert.equal(checkedAddress('Mario.ROSSI@PEC.Example.it'), 'mario.rossi@pec.example.it')
})

test('what is no address is refused', () => {
  const bad = [
    '',
    'mario',
    '@pec.it',
    'mario@',
    'a b@pec.it',
    '.a@pec.it',
    'a.@pec.it',
    'a..b@pec.it',
    '"a"@pec.it',
    'a@b@pec.it',
    'a@pec_it',
    'a@pec.it\n',
    'a@pec.it\r\nBcc: x',
    'a,b@pec.it',
    'a<b@pec.it',
    'perché@pec.it',
    `${'a'.repeat(65)}@pec.it`,
    `a@${'b'.repeat(254)}`,
  ]
  for (const address of bad) assert.throws(() => checkedAddress(address), { code: 'bad-address', fault: 'client' }, address)
})

test('a hostile address is judged at once', { timeout: 2000 }, () => {
  for (const address of ['a.'.repeat(100_000), 'a'.repeat(200_000), `a@${'b.'.repeat(100_000)}`]) {
    assert.throws(() => checkedAddress(address), { code: 'bad-address' })
  }
})

test('domain and canonical form', () => {
  assert.equal(domainOf('a@pec.it'), 'pec.it')
  assert.equal(domainOf('"a@b"@pec.it'), 'pec.it')
  assert.equal(canonicalAddress('A@Pec.IT'), 'a@pec.it')
})
