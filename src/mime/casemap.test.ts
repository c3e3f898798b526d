import assert from 'node:assert/strict'
import { test } from 'node:test'
import { casemap } from './casemap.ts'

test('RFC 5051: one text in any case and composition', () => {
  assert.equal(casemap('Perché'), casemap('PERCHE\u0301'))
  assert.equal(casemap('ﬁne'), casemap('FINE'.replace('FI', 'ﬁ')))
  assert.notEqual(casemap('perche'), casemap('perché'))
  assert.equal(casemap('Straße'), 'STRAßE')
})
