import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConnectionLimit } from './connection-limit.ts'

test('so many connections of an address, each counted once, whatever others do', () => {
  const limit = createConnectionLimit(2)
  const [one, two, three, other] = [{}, {}, {}, {}]
  assert.equal(limit.enter(one, '192.0.2.1'), true)
  assert.equal(limit.enter(two, '192.0.2.1'), true)
  assert.equal(limit.enter(three, '192.0.2.1'), false)
  assert.equal(limit.enter(other, '192.0.2.2'), true)
  // One that was not let in, and one that is gone already, make no room.
  limit.leave(three)
  assert.equal(limit.enter(three, '192.0.2.1'), false)
  limit.leave(one)
  limit.leave(one)
  assert.equal(limit.enter(three, '192.0.2.1'), true)
  assert.equal(limit.enter(one, '192.0.2.1'), false)
})

test('IPv6 clients count by their /64', () => {
  const limit = createConnectionLimit(1)
  assert.equal(limit.enter({}, '2001:db8:0:1::1'), true)
  assert.equal(limit.enter({}, '2001:db8:0:1:ffff::2'), false)
  assert.equal(limit.enter({}, '2001:db8:0:2::1'), true)
})
