import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Folder } from '../../mailbox/types.ts'
import { listNames, patternMatcher } from './folder-listing.ts'

const folder = (name: string): Folder => ({
  id: name,
  name,
  specialUse: null,
  uidValidity: 1,
  uidNext: 1,
  modseq: 1,
  total: 0,
  unseen: 0,
  subscribed: true,
})

test('names: the inbox first, levels without a folder of their own among them', () => {
  assert.deepEqual(
    listNames(['b/c/d', 'INBOX', 'a', 'INBOX/x'].map(folder)).map(({ name, folder, hasChildren }) => [
      name,
      folder?.id,
      hasChildren,
    ]),
    [
      ['INBOX', 'INBOX', true],
      ['INBOX/x', 'INBOX/x', false],
      ['a', 'a', false],
      ['b', undefined, true],
      ['b/c', undefined, true],
      ['b/c/d', 'b/c/d', false],
    ],
  )
})

test('patterns', () => {
  const yes: [string, string, string][] = [
    ['', '*', 'a/b'],
    ['', '%', 'a'],
    ['', '%/%', 'a/b'],
    ['a/', '%', 'a/b'],
    ['', 'a*b', 'a/x/b'],
    ['', 'inbox', 'INBOX'],
    ['', 'iN%', 'INBOX'],
    ['', 'Inbox/%', 'INBOX/x'],
    ['', '*è', 'perché'.replace('é', 'è')],
    ['', '%*%', ''],
  ]
  for (const [reference, pattern, name] of yes) assert.ok(patternMatcher(reference, pattern)(name), `${pattern} ${name}`)
  const not: [string, string, string][] = [
    ['', '%', 'a/b'],
    ['', 'a', 'b'],
    ['', 'A', 'a'],
    ['', 'a%', 'a/b'],
    ['b/', '%', 'a/b'],
    ['', '', 'a'],
    ['', 'a.b', 'axb'],
  ]
  for (const [reference, pattern, name] of not) assert.ok(!patternMatcher(reference, pattern)(name), `${pattern} ${name}`)
})

test('patterns agree with a regular expression, and cost little', () => {
  const pattern = fc.array(fc.constantFrom('*', '%', 'a', '/', 'b'), { maxLength: 8 }).map((chars) => chars.join(''))
  const name = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 10 }).map((chars) => chars.join(''))
  fc.assert(
    fc.property(pattern, name, (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('%', '[^/]*')}$`)
      assert.equal(patternMatcher('', pattern)(name), expression.test(name))
    }),
  )
  const start = performance.now()
  assert.equal(patternMatcher('', `${'*a'.repeat(499)}b`)('a'.repeat(200)), false)
  assert.ok(performance.now() - start < 1000)
})
