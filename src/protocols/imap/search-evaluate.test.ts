import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Criterion } from '../../mailbox/search-types.ts'
import { columnsOf } from '../../mailbox/state-columns.ts'
import { MessageList } from './message-list.ts'
import { searchFolder } from './search-evaluate.ts'
import type { SearchKey } from './search-keys.ts'
import type { FolderSession } from './session.ts'

/** Messages with every second UID; flags and texts follow from the UID. */
const UIDS = Array.from({ length: 40 }, (_, index) => 2 * index + 2)
const flagsOf = (uid: number): number => (uid * 7) % 32

const textHolds = (text: string, uid: number): boolean => uid % (text.length + 2) < 2

function criterionHolds(criterion: Criterion, uid: number): boolean {
  if ('text' in criterion) return textHolds(`${criterion.on === 'body' ? '' : criterion.on}${criterion.text}`, uid)
  return criterion.on === 'larger' ? uid > criterion.size : 'size' in criterion && uid < criterion.size
}

function sessionOn(asked: { on: string; uids: readonly number[] }[]): FolderSession {
  const states = UIDS.map((uid) => ({ uid, modseq: uid, flags: flagsOf(uid), keywords: [] }))
  const store = {
    search: async (_: unknown, __: string, uids: readonly number[], criterion: Criterion) => {
      asked.push({ on: criterion.on, uids })
      return uids.filter((uid) => criterionHolds(criterion, uid))
    },
  }
  const selected = { list: new MessageList(columnsOf(states), Infinity), folder: { id: 'x' } }
  return { selected, deps: { store }, mailbox: { slot: 1, id: 'm' }, output: { closed: false } } as unknown as FolderSession
}

const text = fc.constantFrom('', 'a', 'bc', 'def')
const leaf: fc.Arbitrary<SearchKey> = fc.oneof(
  fc.constant<SearchKey>({ kind: 'all' }),
  fc.record({ kind: fc.constant('flag' as const), mask: fc.constantFrom(1, 2, 4), set: fc.boolean() }),
  fc.record({ kind: fc.constant('modseq' as const), from: fc.nat({ max: 80 }) }),
  fc.record({ kind: fc.constantFrom('larger', 'smaller'), size: fc.nat({ max: 80 }) }),
  fc.record({ kind: fc.constantFrom('body', 'text'), text }),
  fc.record({ kind: fc.constant('envelope' as const), field: fc.constantFrom('subject', 'to'), text }),
)
const { key } = fc.letrec<{ key: SearchKey }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ kind: fc.constant('not' as const), key: tie('key') }),
    fc.record({ kind: fc.constantFrom('and', 'or'), keys: fc.array(tie('key'), { minLength: 1, maxLength: 4 }) }),
  ),
}))

function matches(one: SearchKey, uid: number): boolean {
  if (one.kind === 'not') return !matches(one.key, uid)
  if (one.kind === 'and') return one.keys.every((each) => matches(each, uid))
  if (one.kind === 'or') return one.keys.some((each) => matches(each, uid))
  if (one.kind === 'flag') return ((flagsOf(uid) & one.mask) !== 0) === one.set
  if (one.kind === 'modseq') return uid >= one.from
  if (one.kind === 'larger' || one.kind === 'smaller') return criterionHolds({ on: one.kind, size: one.size }, uid)
  if (one.kind === 'envelope') return criterionHolds({ on: one.field, text: one.text }, uid)
  if (one.kind === 'body') return criterionHolds({ on: 'body', text: one.text }, uid)
  if (one.kind === 'text') return (['fields', 'body'] as const).some((on) => criterionHolds({ on, text: one.text }, uid))
  return one.kind === 'all'
}

test('keys together find what they find one by one', async () => {
  await fc.assert(
    fc.asyncProperty(key, async (one) => {
      const expected = UIDS.flatMap((uid, index) => (matches(one, uid) ? [index + 1] : []))
      assert.deepEqual(await searchFolder(sessionOn([]), one, []), expected)
    }),
    { numRuns: 500 },
  )
})

test('what is cheap is asked first, and texts only where it is still open', async () => {
  const asked: { on: string; uids: readonly number[] }[] = []
  const body: SearchKey = { kind: 'body', text: 'a' }
  const seen: SearchKey = { kind: 'flag', mask: 1, set: true }
  const large: SearchKey = { kind: 'larger', size: 60 }
  const subject: SearchKey = { kind: 'envelope', field: 'subject', text: 'b' }
  await searchFolder(sessionOn(asked), { kind: 'and', keys: [body, subject, large, { kind: 'not', key: seen }] }, [])
  assert.deepEqual(asked.map(({ on }) => on).slice(0, 2), ['larger', 'subject'])
  assert.ok(asked.every(({ uids }) => uids.every((uid) => (flagsOf(uid) & 1) === 0)))
  assert.ok(asked.slice(1).every(({ uids }) => uids.every((uid) => uid > 60)))
  asked.length = 0
  await searchFolder(sessionOn(asked), { kind: 'or', keys: [body, seen] }, [])
  assert.deepEqual(asked, [{ on: 'body', uids: UIDS.filter((uid) => (flagsOf(uid) & 1) === 0) }])
  asked.length = 0
  await searchFolder(sessionOn(asked), { kind: 'and', keys: [body, seen, { kind: 'not', key: { kind: 'all' } }] }, [])
  assert.deepEqual(asked, [])
})
