import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubmissionData } from '../pec/certification-data.ts'
import { addressingOf } from './addressing.ts'

const data = (...addresses: string[]): SubmissionData =>
  ({ recipients: addresses.map((address) => ({ address, certified: true })) }) as unknown as SubmissionData

test('who is named has the spelling of the data, in whatever case he is written to', () => {
  const { named, others } = addressingOf(data('Mario.Rossi@PEC.example.it', 'anna@pec.example.it'), [
    'anna@pec.example.it',
    'MARIO.ROSSI@pec.example.it',
  ])
  assert.deepEqual(named, ['anna@pec.example.it', 'Mario.Rossi@PEC.example.it'])
  assert.deepEqual(others, [])
})

test('a domain beyond ASCII is the same in both of its forms', () => {
  assert.deepEqual(addressingOf(data('anna@città.example.it'), ['anna@xn--citt-3na.example.it']).named, ['anna@città.example.it'])
})

test('who is not named is told apart, also where only a part fits', () => {
  const { named, others } = addressingOf(data('anna@pec.example.it'), ['anna@pec.example.it.evil.test', 'xanna@pec.example.it'])
  assert.deepEqual([named, others], [[], ['anna@pec.example.it.evil.test', 'xanna@pec.example.it']])
})
