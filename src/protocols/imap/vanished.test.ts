import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { columnsOf } from '../../mailbox/state-columns.ts'
import { MessageList } from './message-list.ts'
import { rangesOf, resolveRanges } from './sequence-set.ts'
import type { NumberRange } from './sequence-set.ts'
import type { UserSession } from './session.ts'
import { tellVanished, tellVanishedEarlier } from './vanished.ts'
import type { MatchData } from './vanished.ts'

const expand = (set: string): number[] =>
  set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })

const outputTo = (lines: string[]) => ({ line: (text: string) => lines.push(text), relieve: () => Promise.resolve() })

/** The UIDs that are told, of a folder with these messages that had `last` as its highest UID. */
async function told(
  uids: readonly number[],
  last: number,
  vanished: { uids: number[]; complete: boolean },
  absence: { known: readonly NumberRange[]; match?: MatchData },
): Promise<number[]> {
  const lines: string[] = []
  const session = {
    deps: { store: { vanished: async () => vanished } },
    mailbox: { slot: 0, id: '' },
    output: outputTo(lines),
  } as unknown as UserSession
  const list = new MessageList(columnsOf(uids.map((uid) => ({ uid, modseq: 1, flags: 0, keywords: [] }))), 1)
  const folder = { id: '' } as Parameters<typeof tellVanishedEarlier>[1]['folder']
  await tellVanishedEarlier(session, { list, folder, lastUid: last }, { since: 1, ...absence })
  return lines.flatMap((line) => expand(/^\* VANISHED \(EARLIER\) (\S+)$/.exec(line)?.[1] ?? assert.fail(line)))
}

const LAST = 40
const uids = fc.uniqueArray(fc.integer({ min: 1, max: LAST }), { maxLength: 30 }).map((list) => list.sort((a, b) => a - b))

test('what the client knows and is not there is told, and nothing else, whether the store remembers it or not', async () => {
  await fc.assert(
    fc.asyncProperty(uids, uids, fc.boolean(), async (there, known, complete) => {
      const gone = Array.from({ length: LAST }, (_, index) => index + 1).filter((uid) => !there.includes(uid))
      // One that the session still counts may have gone meanwhile.
      const remembered = { uids: complete ? [...gone, ...there.slice(0, 1)].sort((a, b) => a - b) : [], complete }
      assert.deepEqual(
        await told(there, LAST, remembered, { known: rangesOf(known) }),
        known.filter((uid) => gone.includes(uid)),
      )
    }),
  )
})

test('match data: nothing is told up to the last pair that is still true', async () => {
  const data = fc.record({ before: uids, removed: uids, picks: fc.array(fc.nat(), { maxLength: 10 }) })
  await fc.assert(
    fc.asyncProperty(data, async ({ before, removed, picks }) => {
      const there = before.filter((uid) => !removed.includes(uid))
      const numbers = [...new Set(picks.map((pick) => (pick % Math.max(before.length, 1)) + 1))].sort((a, b) => a - b)
      if (before.length === 0 || numbers.length === 0) return
      const match = {
        seqs: rangesOf(numbers),
        uids: rangesOf(numbers.map((number) => before[number - 1] ?? 0)),
      }
      const still = numbers.filter((number) => there[number - 1] === before[number - 1])
      const heardUpTo = before[(still.at(-1) ?? 0) - 1] ?? 0
      // As the client has it these messages are there, so none up to the pair can have gone.
      assert.ok(before.every((uid) => uid > heardUpTo || there.includes(uid)))
      const gone = Array.from({ length: LAST }, (_, index) => index + 1).filter((uid) => !there.includes(uid))
      assert.deepEqual(
        await told(there, LAST, { uids: [], complete: false }, { known: resolveRanges([[1, Infinity]], LAST), match }),
        gone.filter((uid) => uid > heardUpTo),
      )
    }),
  )
})

test('ranges of any length cost nothing', async () => {
  const all: NumberRange[] = [[1, 4_294_967_295]]
  assert.deepEqual(
    await told([2, 4], 5, { uids: [1, 3, 5], complete: true }, { known: all, match: { seqs: all, uids: all } }),
    [1, 3, 5],
  )
})

test('many UIDs come in several lines, none too long for a client', async () => {
  const lines: string[] = []
  const odd = Array.from({ length: 5000 }, (_, index) => 4_000_000_001 + index * 2)
  await tellVanished({ output: outputTo(lines) } as unknown as UserSession, odd)
  assert.ok(lines.every((line) => line.startsWith('* VANISHED 4') && line.length < 8192))
  assert.deepEqual(
    lines.flatMap((line) => expand(line.slice('* VANISHED '.length))),
    odd,
  )
})
