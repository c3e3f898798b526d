import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { instantOf } from '../base/instant.ts'
import { canonicalForm, ledgerEntry, storable, readCanonicalForm } from './entry.ts'

const AT = instantOf(Date.UTC(2026, 2, 15, 9, 30, 21))
const FACTS = { pecMsgid: 'a@pec.it', msgid: '<uno@x>', sender: 's@pec.it', recipients: ['r@pec.it'], subject: 'Prova' }

test('an entry holds what RFC 6109 2.3 asks for', () => {
  const entry = ledgerEntry(
    'accepted',
    AT,
    { ...FACTS, recipients: ['r@pec.it', 't@pec.it'] },
    { related: ['a@pec.it'], provider: 'Gestore' },
  )
  assert.deepEqual(entry, {
    at: AT.ms,
    event: 'accepted',
    pecMsgid: 'a@pec.it',
    msgid: '<uno@x>',
    sender: 's@pec.it',
    recipients: ['r@pec.it', 't@pec.it'],
    subject: 'Prova',
    related: ['a@pec.it'],
    provider: 'Gestore',
    detail: null,
  })
})

test('the canonical form is fixed: what is sealed today must be found again in years', () => {
  const entry = ledgerEntry(
    'delivery-failed',
    AT,
    { ...FACTS, msgid: null },
    { related: ['b@pec.it'], provider: 'Gestore', detail: '5.1.1 - x' },
  )
  assert.equal(
    canonicalForm(7, 12, entry),
    '[1,7,12,"2026-03-15T09:30:21.000Z","delivery-failed","a@pec.it",null,"s@pec.it",["r@pec.it"],"Prova",["b@pec.it"],"Gestore","5.1.1 - x"]',
  )
})

test('a canonical form is read back, and only one that is exactly that', () => {
  const entry = ledgerEntry('accepted', AT, { ...FACTS, subject: 'Perché "no"\u2028' }, { related: ['b@pec.it'], provider: 'x' })
  const line = canonicalForm(7, 12, entry)
  assert.deepEqual(readCanonicalForm(line), { slot: 7, seq: 12, ...entry })
  for (const other of ['', 'null', '{}', '[]', `${line} `, line.replace('[1,', '[2,'), line.replace('["b@pec.it"]', '[5]')]) {
    assert.equal(readCanonicalForm(other), null, other)
  }
})

test('property: any subject can be stored, and only NULs and halves of characters change', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  )
  fc.assert(
    fc.property(text, (text) => {
      const stored = storable(text)
      assert.ok(stored.isWellFormed() && !stored.includes('\u0000'))
      assert.equal(stored.length, text.length)
      assert.equal(ledgerEntry('accepted', AT, { ...FACTS, subject: text }, { related: [], provider: 'x' }).subject, stored)
      if (text.isWellFormed()) assert.equal(stored, text.split('\u0000').join('\ufffd'))
    }),
  )
})
