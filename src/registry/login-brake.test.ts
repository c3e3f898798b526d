import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
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
  assert.ok(brake.wait('anna@pec.it', '192.0.2.1') > 0)
})

test('after an hour without a failure all is forgotten', () => {
  const { clock, brake, fail } = bench()
  fail(HOLDER, '192.0.2.1', 10)
  clock.now += 60 * MINUTE
  fail(HOLDER, '192.0.2.1', 3)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
})

test('strangers, however many, do not keep a holder from a network where he logged in lately', () => {
  const { clock, brake, fail } = bench()
  brake.succeeded(HOLDER, '192.0.2.1')
  for (let stranger = 0; stranger < 100; stranger++) fail(HOLDER, `198.51.100.${stranger}`, 2)
  assert.ok(brake.wait(HOLDER, '203.0.113.9') > 0, 'from an address of nobody the account waits')
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
  clock.now += 31 * 24 * 60 * MINUTE
  fail(HOLDER, '198.51.100.1', 40)
  assert.equal(brake.trusts(HOLDER, '192.0.2.1'), false)
  assert.ok(brake.wait(HOLDER, '192.0.2.1') > 0, 'after a month the network is trusted no more')
  brake.trust(HOLDER, '192.0.2.1')
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0, 'unless it is known from elsewhere')
})

test('who shares the network of a holder makes him wait for guesses at his account only, and a minute at most', () => {
  const { brake, fail } = bench()
  brake.succeeded(HOLDER, '192.0.2.1')
  for (let account = 0; account < 100; account++) brake.failed(`a${account}@pec.it`, '192.0.2.1')
  assert.ok(brake.wait('anna@pec.it', '192.0.2.1') > 10 * MINUTE)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), 0)
  fail(HOLDER, '192.0.2.1', 30)
  assert.equal(brake.wait(HOLDER, '192.0.2.1'), MINUTE)
})

/** What attackers try: at the holder's account or at others, from some networks, with pauses. */
const guesses = (networks: readonly string[]) =>
  fc.array(
    fc.record({
      account: fc.constantFrom(HOLDER, 'anna@pec.it', 'nobody@pec.it'),
      network: fc.constantFrom(...networks),
      pause: fc.constantFrom(0, 10, 1000, 20_000, 10 * MINUTE),
    }),
    { maxLength: 200 },
  )

test('property: whatever others guess, from wherever else, the holder does not wait where he logged in lately', () => {
  const others = ['203.0.113.1', '203.0.113.2', '2001:db8:0:1::1', '198.51.100.7']
  fc.assert(
    fc.property(guesses(others), (attack) => {
      const { clock, brake } = bench()
      brake.succeeded(HOLDER, '2001:db8:0:2::1')
      for (const { account, network, pause } of attack) {
        clock.now += pause
        brake.failed(account, network)
        assert.equal(brake.wait(HOLDER, '2001:db8:0:2::99'), 0)
      }
    }),
  )
})

test('property: from his own network others make him wait for guesses at his account only; and nobody anywhere waits for long', () => {
  fc.assert(
    fc.property(guesses(['192.0.2.1', '203.0.113.1']), (attack) => {
      const { clock, brake } = bench()
      brake.succeeded(HOLDER, '192.0.2.1')
      let own = 0
      for (const { account, network, pause } of attack) {
        clock.now += pause
        brake.failed(account, network)
        if (account === HOLDER && network === '192.0.2.1') own++
        const wait = brake.wait(HOLDER, '192.0.2.1')
        assert.ok(own <= 3 ? wait === 0 : wait <= MINUTE)
        assert.ok(brake.wait(HOLDER, '198.51.100.7') <= 20_000)
        assert.ok(brake.wait('anna@pec.it', '203.0.113.1') <= 15 * MINUTE)
      }
    }),
  )
})

test('a thousand networks that guess as fast as they may learn little in an hour', () => {
  const { clock, brake } = bench()
  let looked = 0
  for (let second = 0; second < 3600; second++) {
    clock.now += 1000
    for (let guess = 0; guess < 10; guess++) {
      const network = `198.51.${((second * 10 + guess) % 1000) >> 8}.${((second * 10 + guess) % 1000) & 255}`
      if (brake.wait(HOLDER, network) > 0) continue
      brake.failed(HOLDER, network)
      looked++
    }
  }
  assert.ok(looked < 30 + 5 + 3600 / 20 + 5, String(looked))
})

test('names cost no memory: what is longer than an address is one account', () => {
  const { brake } = bench()
  for (let name = 0; name < 40; name++) brake.failed(`${name}${'x'.repeat(400)}`, `198.51.100.${name}`)
  assert.ok(brake.wait('y'.repeat(500), '192.0.2.1') > 0)
})

test('the addresses of one IPv6 customer count as one', () => {
  const { brake, fail } = bench()
  fail(HOLDER, '2001:db8:1:2::1', 8)
  assert.ok(brake.wait(HOLDER, '2001:db8:1:2:ffff::99') > 0)
  assert.equal(brake.wait(HOLDER, '2001:db8:1:3::1'), 0)
  fail(HOLDER, '2001:db8::1', 8)
  assert.ok(brake.wait(HOLDER, '2001:db8:0:0:7::') > 0)
})
