import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { columnsOf } from '../../mailbox/state-columns.ts'
import type { MessageState } from '../../mailbox/types.ts'
import { MessageList, RECENT } from './message-list.ts'

const state = (uid: number, flags = 0, keywords: string[] = []): MessageState => ({ uid, modseq: 1, flags, keywords })

test('a set of sequence numbers beyond the last is refused, "*" of an empty folder names nothing', () => {
  const list = new MessageList(columnsOf([state(3), state(9)]), 9)
  assert.deepEqual(list.seqs([[1, Infinity]]), [1, 2])
  assert.equal(list.seqs([[2, 3]]), undefined)
  assert.deepEqual(list.seqsOfUids([[4, Infinity]]), [2])
  assert.deepEqual(list.seqsOfUids([[50, Infinity]]), [2])
  assert.deepEqual(list.seqsOfUids([[4, 8]]), [])
  assert.equal(list.recent, 1)
  const empty = new MessageList(columnsOf([]), 1)
  assert.deepEqual(empty.seqs([[1, Infinity]]), [])
  assert.equal(empty.seqs([[1, 1]]), undefined)
  assert.deepEqual(empty.seqsOfUids([[1, Infinity]]), [])
})

test('keywords: sets are shared, the first spelling is kept', () => {
  const list = new MessageList(columnsOf([state(1, 0, ['$Forwarded', 'a']), state(2, 0, ['a', '$Forwarded'])]), 1)
  assert.deepEqual(list.keywordsOf(1), list.keywordsOf(2))
  assert.equal(list.spelling('$forwarded'), '$Forwarded')
  assert.deepEqual(list.apply({ changed: [state(1, 0, ['A', 'neu'])], vanished: [] }), {
    changed: [1],
    touched: [],
    added: 0,
    newKeywords: ['neu'],
  })
})

/** A folder as the store would keep it, and a client that believes what it is told. */
test('any interleaving of changes: what the client was told is what the list holds, and at the end the folder', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('deliver' as const), flags: fc.nat(31) }),
    fc.record({ kind: fc.constant('flag' as const), pick: fc.nat(), flags: fc.nat(31), word: fc.constantFrom('', 'a', 'b') }),
    fc.record({ kind: fc.constant('expunge' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('refresh' as const), expunge: fc.boolean() }),
    fc.record({ kind: fc.constant('own expunge' as const), pick: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.nat(20), fc.array(step, { maxLength: 60 }), (initial, steps) => {
      let nextUid = 1
      const folder = new Map<number, MessageState>()
      const log: { uid: number; gone: boolean }[] = []
      const deliver = (flags: number): void => {
        const uid = nextUid
        nextUid += 1 + (uid % 3)
        folder.set(uid, state(uid, flags))
        log.push({ uid, gone: false })
      }
      for (let n = 0; n < initial; n++) deliver(n % 32)
      const columns = columnsOf([...folder.values()])
      const arrays = [columns.uids, columns.modseqs, columns.flags, columns.keywords]
      const shared = structuredClone(arrays)
      const list = new MessageList(columns, 5)
      const client = [...folder.values()].map((message) => ({ uid: message.uid, flags: message.flags }))
      let cursor = log.length
      const tellExpunge = (): void => {
        for (const seq of list.takeVanished().seqs) client.splice(seq - 1, 1)
      }
      const refresh = (expunge: boolean): void => {
        const uids = [...new Set(log.slice(cursor).map((entry) => entry.uid))].sort((a, b) => a - b)
        const changes = list.apply({
          changed: uids.flatMap((uid) => folder.get(uid) ?? []),
          vanished: uids.filter((uid) => !folder.has(uid)),
        })
        cursor = log.length
        if (expunge) tellExpunge()
        for (let seq = client.length + 1; seq <= list.count; seq++)
          client.push({ uid: list.uid(seq), flags: list.flags(seq) & ~RECENT })
        if (!expunge)
          for (const seq of changes.changed) client[seq - 1] = { uid: list.uid(seq), flags: list.flags(seq) & ~RECENT }
        else for (const message of client) message.flags = list.flags(list.seq(message.uid)) & ~RECENT
      }
      for (const one of steps) {
        const uids = [...folder.keys()]
        const uid = 'pick' in one ? uids[one.pick % Math.max(uids.length, 1)] : undefined
        if (one.kind === 'deliver') deliver(one.flags)
        if (one.kind === 'refresh') refresh(one.expunge)
        if (uid !== undefined && one.kind === 'flag') {
          folder.set(uid, state(uid, one.flags, one.word === '' ? [] : [one.word]))
          log.push({ uid, gone: false })
        }
        if (uid !== undefined && (one.kind === 'expunge' || one.kind === 'own expunge')) {
          folder.delete(uid)
          log.push({ uid, gone: true })
          if (one.kind === 'own expunge') {
            list.vanish([uid])
            tellExpunge()
          }
        }
        assert.equal(list.count, client.length)
        client.forEach((message, index) => {
          assert.equal(list.uid(index + 1), message.uid)
          assert.equal(list.seq(message.uid), index + 1)
          assert.equal(list.flags(index + 1) & ~RECENT, message.flags)
        })
      }
      refresh(true)
      assert.deepEqual(
        client,
        [...folder.values()].map(({ uid, flags }) => ({ uid, flags })),
      )
      for (const message of folder.values()) assert.deepEqual(list.keywordsOf(list.seq(message.uid)), message.keywords)
      list.release()
      assert.deepEqual(arrays, shared)
    }),
    { numRuns: 500 },
  )
})

test('a folder of 100,000 messages takes little memory and time', () => {
  const states = Array.from({ length: 100_000 }, (_, index) => state(index * 2 + 1, index % 32))
  const list = new MessageList(columnsOf(states), 1)
  const start = performance.now()
  list.vanish(states.filter((message) => message.uid % 3 === 0).map((message) => message.uid))
  assert.equal(list.takeVanished().seqs.length, 33_333)
  assert.equal(list.seqsOfUids([[1, Infinity]]).length, list.count)
  assert.ok(performance.now() - start < 1000)
})
