import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { changedColumns, columnsOf, lowerBound, statesOf, unpackStates } from './state-columns.ts'
import type { MessageState } from './types.ts'

const words = fc.constantFrom<string[]>([], ['a'], ['b', 'a'], ['$Forwarded'])
const state = fc.record(
  { uid: fc.integer({ min: 1, max: 60 }), modseq: fc.nat(), flags: fc.nat(31), keywords: words },
  { noNullPrototype: true },
)
const folder = fc.uniqueArray(state, { selector: ({ uid }) => uid }).map((states) => states.sort((a, b) => a.uid - b.uid))

const arrayOf = (numbers: readonly number[]): string => `{${numbers.join(',')}}`

test('states come out of columns as they went in, also out of what the database writes', () => {
  fc.assert(
    fc.property(folder, (states) => {
      assert.deepEqual(statesOf(columnsOf(states)), states)
      const packed = {
        uids: arrayOf(states.map(({ uid }) => uid)),
        modseqs: arrayOf(states.map(({ modseq }) => modseq)),
        flags: arrayOf(states.map(({ flags }) => flags)),
        keywords: states.filter(({ keywords }) => keywords.length > 0).map(({ uid, keywords }) => [uid, keywords] as const),
      }
      assert.deepEqual(statesOf(unpackStates(packed)), states)
      assert.deepEqual(
        statesOf(unpackStates({ ...packed, keywords: null })),
        states.map((state) => ({ ...state, keywords: [] })),
      )
    }),
  )
})

test('a UID and a cursor may be as large as they get', () => {
  const [uid, modseq] = [0xffff_ffff, Number.MAX_SAFE_INTEGER]
  const columns = unpackStates({ uids: `{1,${uid}}`, modseqs: `{1,${modseq}}`, flags: '{0,31}', keywords: [[uid, ['last']]] })
  assert.deepEqual(statesOf(columns)[1], { uid, modseq, flags: 31, keywords: ['last'] })
})

test('changes: what is new comes in, what has changed is as it is now, what is gone is gone, and the old columns stay', () => {
  fc.assert(
    fc.property(folder, folder, fc.array(fc.integer({ min: 1, max: 60 })), (before, later, vanished) => {
      const last = before.at(-1)?.uid ?? 0
      const known = new Set(before.map(({ uid }) => uid))
      // A UID that is not known and not beyond the last was never there.
      const changed = later.filter(({ uid }) => (known.has(uid) || uid > last) && !vanished.includes(uid))
      const expected = new Map<number, MessageState>(before.map((state) => [state.uid, state]))
      for (const uid of vanished) expected.delete(uid)
      for (const state of changed) expected.set(state.uid, state)
      const columns = columnsOf(before)
      assert.deepEqual(
        statesOf(changedColumns(columns, { changed, vanished })),
        [...expected.values()].sort((a, b) => a.uid - b.uid),
      )
      assert.deepEqual(statesOf(columns), before)
    }),
  )
})

test('the first UID that is not smaller', () => {
  const columns = columnsOf([3, 5, 9].map((uid) => ({ uid, modseq: 1, flags: 0, keywords: [] })))
  assert.deepEqual(
    [1, 3, 4, 9, 10].map((uid) => lowerBound(columns, uid)),
    [0, 0, 1, 2, 3],
  )
})

test('changes of flags leave UIDs and keywords as they are, and share them', () => {
  const before = columnsOf([3, 5, 9].map((uid) => ({ uid, modseq: 1, flags: 0, keywords: ['a'] })))
  const after = changedColumns(before, { changed: [{ uid: 5, modseq: 2, flags: 4, keywords: ['a'] }], vanished: [4] })
  assert.deepEqual([after.uids === before.uids, after.keywords === before.keywords], [true, true])
  assert.deepEqual(
    [[...after.flags], [...before.flags]],
    [
      [0, 4, 0],
      [0, 0, 0],
    ],
  )
})
