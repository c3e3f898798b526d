import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { networkOf } from './network.ts'

test('an IPv4 address stands for itself, also as IPv6 writes it', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.notEqual(networkOf('::FFFF:192.0.2.1'), networkOf('::ffff:192.0.2.2'))
  assert.equal(networkOf(''), '')
})

test('property: of an IPv6 address its /64 counts, however it is written', () => {
  const group = fc.integer({ min: 0, max: 0xff_ff })
  fc.assert(
    fc.property(fc.tuple(group, group, group, group), fc.array(group, { minLength: 4, maxLength: 4 }), (network, host) => {
      const text = [...network, ...host].map((part) => part.toString(16))
      const expected = text.slice(0, 4).join(':')
      assert.equal(networkOf(text.join(':')), expected)
      if (host.every((part) => part === 0)) assert.equal(networkOf(`${expected}::`), expected)
    }),
  )
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0')
  assert.equal(networkOf('2001:db8::1:0:0:2'), '2001:db8:0:0')
  assert.equal(networkOf('2001:db8:0:0:1::'), '2001:db8:0:0')
  assert.equal(networkOf('::1'), '0:0:0:0')
})
