import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoginBrake } from './login-brake.ts'

const MINUTE = 60_000
const HOLDER = 'mario@pec.it'

function bench() {
  const clock = { now: 1_000_000 }
  const brake = createLoginBrake(() => clock.now)
  return {
    clock,
    brake,
    /** One wrong password after the other, each as soon as it may be. */
    fail(account: string, address: string, times: number): void {
      for (let time = 0; time < times; time++) {
        clock.now += brake.wait(account, address)
        brake.failed(account, address)
      }
    },
  }
}

test('three wrong passwords cost nothing, then each wait is twice the last, up to a quarter of an hour', () => {
  const { clock, brake } = bench()
  const waits: number[] = []
  for (let time = 0; time < 18; time++) {
    brake.failed(HOLDER, '192.0.2.1')
    waits.push(brake.wait(HOLDER, '192.0.2.1'))
    clock.now += waits.at(-1) ?? 0
    assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0, 'after the wait it goes on')
  }
  const doubled = Array.from({ length: 10 }, (_, index) => 1000 * 2 ** index)
  assert.deepEqual(waits, [0, 0, 0, ...doubled, ...Array.from({ length: 5 }, () => 15 * MINUTE)])
})

test('a wait runs out with the clock', () => {
  const { clock, brake, fail } = bench()
  fail(HOLDER, '192.0.2.1', 8)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 16_000)
  clock.now += 15_999
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 1)
  clock.now += 1
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
})

test('a stranger at another address does not make the holder wait', () => {
  const { brake, fail } = bench()
  fail(HOLDER, '203.0.113.9', 25)
  assert.ok(brake.wait(HOLDER, '203.0.113.9') > 10 * MINUTE)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
})

test('a thousand strangers make him wait seconds, never more', () => {
  const { brake } = bench()
  for (let stranger = 0; stranger < 1000; stranger++) brake.failed(HOLDER, `203.0.113.${stranger}`)
  const wait = brake.wait(HOLDER, '192.0.2.1')
  assert.ok(wait > 0 && wait <= 20_000)
  assert.equal(brake.wait('anna@pec.it', '192.0.2.1'), 0, 'other accounts are not touched')
})

test('an address that guesses at many accounts waits for all of them', () => {
  const { brake } = bench()
  for (let account = 0; account < 20; account++) brake.failed(`a${account}@pec.it`, '203.0.113.9')
  assert.equal(brake.wait('new@pec.it', '203.0.113.9'), 0)
  for (let account = 20; account < 31; account++) brake.failed(`a${account}@pec.it`, '203.0.113.9')
  assert.ok(brake.wait('new@pec.it', '203.0.113.9') > MINUTE)
})

test('a login that succeeds forgives its account at its address, not what the address guessed elsewhere', () => {
  const { clock, brake, fail } = bench()
  fail(HOLDER, '192.0.2.1', 5)
  clock.now += brake.wait(HOLDER, '192.0.2.1')
  brake.succeeded(HOLDER, '192.0.2.1')
  fail(HOLDER, '192.0.2.1', 3)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
  for (let account = 0; account < 40; account++) brake.failed(`a${account}@pec.it`, '192.0.2.1')
  brake.succeeded(HOLDER, '192.0.2.1')
  assert.ok(brake.wait(HOLDER, '192.0.2.1') > 0)
})

test('after an hour without a failure all is forgotten', () => {
  const { clock, brake, fail } = bench()
  fail(HOLDER, '192.0.2.1', 10)
  clock.now += 60 * MINUTE
  fail(HOLDER, '192.0.2.1', 3)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
})

test('strangers, however many, do not keep a holder from an address where he logged in lately', () => {
  const { clock, brake, fail } = bench()
  brake.succeeded(HOLDER, '192.0.2.1')
  for (let stranger = 0; stranger < 100; stranger++) fail(HOLDER, `198.51.100.${stranger}`, 2)
  assert.ok(brake.wait(HOLDER, '203.0.113.9') > 0, 'from an address of nobody the account waits')
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
  fail(HOLDER, '192.0.2.1', 8)
  assert.ok(brake.wait(HOLDER, '192.0.2.1') > 0, 'his own wrong passwords count')
  clock.now += 31 * 24 * 60 * MINUTE
  fail(HOLDER, '198.51.100.1', 40)
  assert.ok(brake.wait(HOLDER, '192.0.2.1') > 0, 'after a month the address is trusted no more')
})

test('the addresses of one IPv6 customer count as one', () => {
  const { brake, fail } = bench()
  fail(HOLDER, '2001:db8:1:2::1', 8)
  assert.ok(brake.wait(HOLDER, '2001:db8:1:2:ffff::99') > 0)
  assert.equal(brake.wait(HOLDER, '2001:db8:1:3::1'), 0)
  fail(HOLDER, '2001:db8::1', 8)
  assert.ok(brake.wait(HOLDER, '2001:db8:0:0:7::') > 0)
})
