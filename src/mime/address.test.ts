import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAddresses } from './address.ts'

const show = (text: string): string[] => parseAddresses(text).map(({ name, mailbox, host }) => `${name}|${mailbox}|${host}`)

test('addresses in all their forms', () => {
  assert.deepEqual(show('a@b.it'), ['null|a|b.it'])
  assert.deepEqual(show('Mario Rossi <m.rossi@pec.it>, "Bianchi, \\"L\\"" <l@pec.it>'), [
    'Mario Rossi|m.rossi|pec.it',
    'Bianchi, "L"|l|pec.it',
  ])
  assert.deepEqual(show('"Per conto di: x@y.it" <posta-certificata@pec.it>'), ['Per conto di: x@y.it|posta-certificata|pec.it'])
  assert.deepEqual(show('=?utf-8?q?a=2C_b?= <a@b>'), ['=?utf-8?q?a=2C_b?=|a|b'])
  assert.deepEqual(show('a@b (Mario (il) Rossi)'), ['Mario (il) Rossi|a|b'])
  assert.deepEqual(show('"john doe"@x.org'), ['null|john doe|x.org'])
  assert.deepEqual(show('<@a,@b:user@c>, d@e'), ['null|user|c', 'null|d|e'])
  assert.deepEqual(show('J. R. Tolkien <t@x>'), ['J. R. Tolkien|t|x'])
  assert.deepEqual(show('a@[127.0.0.1]'), ['null|a|[127.0.0.1]'])
})

test('groups (RFC 3501 7.4.2)', () => {
  assert.deepEqual(show('undisclosed-recipients:;'), ['null|undisclosed-recipients|null', 'null|null|null'])
  assert.deepEqual(show('My group: a@b, C <c@d>; e@f'), ['null|My group|null', 'null|a|b', 'C|c|d', 'null|null|null', 'null|e|f'])
  assert.deepEqual(show('g: a@b'), ['null|g|null', 'null|a|b', 'null|null|null'])
})

test('malformed lists', () => {
  assert.deepEqual(show(', ,'), [])
  assert.deepEqual(show('nobody'), ['null|nobody|'])
  assert.deepEqual(show('a@b <c@d'), ['a@b|c|d'])
  assert.deepEqual(show('<>'), [])
  assert.deepEqual(show('"open'), ['null|open|'])
})

test('any text: never throws, no group is left open', () => {
  const text = fc.array(fc.constantFrom('<', '>', '@', ',', ';', ':', '"', '\\', '(', ')', ' ', 'a', 'é'), { maxLength: 30 })
  fc.assert(
    fc.property(text, (chars) => {
      let open = 0
      for (const { mailbox, host } of parseAddresses(chars.join(''))) {
        if (host === null) open += mailbox === null ? -1 : 1
        assert.ok(open === 0 || open === 1)
      }
      assert.equal(open, 0)
    }),
    { numRuns: 5000 },
  )
})
