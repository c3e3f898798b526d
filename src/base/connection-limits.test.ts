import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createConnectionLimits } from './connection-limits.ts'

test('so many connections of an address, each counted once, whatever others do', () => {
  const limits = createConnectionLimits({ perAddress: 2, perAccount: 1 })
  const [one, two, three, other] = [{}, {}, {}, {}]
  assert.equal(limits.connected(one, '192.0.2.1'), true)
  assert.equal(limits.connected(two, '192.0.2.1'), true)
  assert.equal(limits.connected(three, '192.0.2.1'), false)
  assert.equal(limits.connected(other, '192.0.2.2'), true)
  // One that was not let in, and one that is gone already, make no room.
  limits.closed(three)
  assert.equal(limits.connected(three, '192.0.2.1'), false)
  limits.closed(one)
  limits.closed(one)
  assert.equal(limits.connected(three, '192.0.2.1'), true)
  assert.equal(limits.connected(one, '192.0.2.1'), false)
})

test('IPv6 clients count by their /64', () => {
  const limits = createConnectionLimits({ perAddress: 1, perAccount: 1 })
  assert.equal(limits.connected({}, '2001:db8:0:1::1'), true)
  assert.equal(limits.connected({}, '2001:db8:0:1:ffff::2'), false)
  assert.equal(limits.connected({}, '2001:db8:0:2::1'), true)
})

test('so many connections of an account, from whatever address, over all services that share the limits', () => {
  const limits = createConnectionLimits({ perAddress: 10, perAccount: 2 })
  const [imap, pop3, smtp] = [{}, {}, {}]
  for (const [index, connection] of [imap, pop3, smtp].entries()) limits.connected(connection, `192.0.2.${index}`)
  assert.equal(limits.loggedIn(imap, 'mario'), true)
  assert.equal(limits.loggedIn(pop3, 'mario'), true)
  assert.equal(limits.loggedIn(smtp, 'mario'), false)
  assert.equal(limits.loggedIn(smtp, 'anna'), true)
  limits.closed(imap)
  assert.equal(limits.loggedIn({}, 'mario'), true)
})

test('property: whatever comes and goes, what is counted is what is open', () => {
  const step = fc.record({ connection: fc.nat(9), address: fc.nat(2), account: fc.option(fc.nat(2)), close: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = createConnectionLimits({ perAddress: 3, perAccount: 2 })
      const connections = Array.from({ length: 10 }, () => ({}))
      const open = new Map<number, { address: number; account: number | null }>()
      const count = (fits: (one: { address: number; account: number | null }) => boolean): number =>
        [...open.values()].filter(fits).length
      for (const { connection, address, account, close } of steps) {
        const object = connections[connection] ?? {}
        const there = open.get(connection)
        if (close) {
          limits.closed(object)
          open.delete(connection)
        } else if (!there) {
          const fits = count((one) => one.address === address) < 3
          assert.equal(limits.connected(object, `192.0.2.${address}`), fits)
          if (fits) open.set(connection, { address, account: null })
        } else if (there.account === null && account !== null) {
          const fits = count((one) => one.account === account) < 2
          assert.equal(limits.loggedIn(object, String(account)), fits)
          if (fits) there.account = account
        }
      }
    }),
  )
})
