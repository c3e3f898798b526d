import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CeralaccaError, asCeralaccaError, clientError, temporaryError } from './errors.ts'

test('an error of the family stays itself', () => {
  for (const error of [clientError('bad-to', 'No'), temporaryError('disk-full', 'Later'), new CeralaccaError('x', 'bug', 'y')]) {
    assert.equal(asCeralaccaError(error), error)
  }
})

test('what is not known is temporary, and keeps its cause', () => {
  for (const thrown of [new TypeError('odd'), 'odd', undefined, { code: 'x' }]) {
    const error = asCeralaccaError(thrown)
    assert.deepEqual([error.code, error.fault, error.cause], ['unexpected', 'temporary', thrown])
  }
  assert.equal(asCeralaccaError(new TypeError('odd')).message, 'odd')
})
