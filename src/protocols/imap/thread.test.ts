import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'
import { threadByReferences } from './thread-references.ts'
import type { ReferenceFacts } from './thread-references.ts'
import { formatThreads } from './thread-tree.ts'
import type { Thread } from './thread-tree.ts'

const imap = await withImap({ after })

interface Mail {
  readonly id?: string
  readonly subject?: string
  /** minutes */
  readonly at: number
  readonly references?: string
  readonly inReplyTo?: string
}

async function filled(...mails: readonly Mail[]): Promise<TestClient> {
  const client = await imap.login(await imap.mailbox())
  for (const { id, subject, at, references, inReplyTo } of mails) {
    const fields = [
      ...(id === undefined ? [] : [`Message-ID: ${id}`]),
      ...(subject === undefined ? [] : [`Subject: ${subject}`]),
      `Date: Sun, 15 Mar 2026 10:${String(at).padStart(2, '0')}:00 +0100`,
      ...(references === undefined ? [] : [`References: ${references}`]),
      ...(inReplyTo === undefined ? [] : [`In-Reply-To: ${inReplyTo}`]),
    ]
    await client.append('INBOX', `${fields.join('\r\n')}\r\n\r\n`)
  }
  await client.ok('SELECT INBOX')
  return client
}

const threads = async (client: TestClient, algorithm: string, search = 'ALL'): Promise<string> =>
  (await client.ok(`THREAD ${algorithm} UTF-8 ${search}`)).join('\n').replace('* THREAD', '').trim()

test('THREAD=ORDEREDSUBJECT: one thread for each base subject', async () => {
  const client = await filled(
    { subject: 'b', at: 5 },
    { subject: 'a', at: 4 },
    { subject: 'Re: b', at: 1 },
    { subject: '[x] B (fwd)', at: 7 },
    { subject: 'Re: a', at: 6 },
  )
  assert.equal(await threads(client, 'ORDEREDSUBJECT'), '(3 (1)(4))(2 5)')
  assert.equal(await threads(client, 'ORDEREDSUBJECT', 'NOT 3'), '(2 5)(1 4)')
  assert.deepEqual(await client.ok('THREAD ORDEREDSUBJECT US-ASCII DRAFT'), ['* THREAD'])
})

test('THREAD=REFERENCES: answers find what they answer, then threads their subject', async () => {
  const client = await filled(
    { id: '<a@t>', subject: 'uno', at: 1 },
    { id: '<b@t>', subject: 'Re: uno', at: 2, references: '<a@t>' },
    // Quoted otherwise, it is the same.
    { id: '<"c"@t>', subject: 'Re: uno', at: 4, references: '<a@t> <b@t>' },
    { id: '<d@t>', subject: 'altro', at: 3, inReplyTo: 'il messaggio <a@t> di <x@t>' },
    { id: '<e@t>', subject: 'Re: altro ancora', at: 5, references: '<c@t>' },
    // Two answers to a message that is not there.
    { id: '<f@t>', subject: 'due', at: 6, references: '<manca@t>' },
    { id: '<g@t>', subject: 'tre', at: 7, references: '<manca@t>' },
    // By its subject alone; what is in a loop; one with an id that was there before.
    { id: '<h@t>', subject: 'Re: UNO', at: 8 },
    { id: '<i@t>', subject: 'giro', at: 9, references: '<l@t>' },
    { id: '<l@t>', subject: 'giro', at: 10, references: '<i@t>' },
    { id: '<a@t>', subject: 'doppio', at: 11 },
    { at: 12 },
    { at: 13 },
  )
  assert.equal(await threads(client, 'REFERENCES'), '(1 (2 3 5)(4)(8))((6)(7))(10 9)(11)(12)(13)')
  assert.equal(await threads(client, 'REFERENCES', '2:7'), '((2 3 5)(4))((6)(7))')
  assert.deepEqual(await client.ok('UID THREAD REFERENCES UTF-8 UID 6:7'), ['* THREAD ((6)(7))'])
  for (const wrong of ['THREAD REFS UTF-8 ALL', 'THREAD REFERENCES UTF-8', 'THREAD REFERENCES ALL'])
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  assert.match(await client.tagged('THREAD REFERENCES KOI8-R ALL'), /^NO \[BADCHARSET/)
})

function startsOf(ids: readonly (readonly number[])[]): number[] {
  const starts = [0]
  for (const some of ids) starts.push((starts.at(-1) ?? 0) + some.length)
  return starts
}

const facts = (ids: readonly (readonly number[])[], more: Partial<ReferenceFacts> = {}): ReferenceFacts => ({
  ids: ids.flat(),
  idStarts: startsOf(ids),
  sent: ids.map((_, index) => index),
  subjects: ids.map(() => 0),
  replies: ids.map(() => 0),
  ...more,
})
const written = (given: ReferenceFacts): string => formatThreads(threadByReferences(given), (message) => message + 1)

test('RFC 5256 3, step 5: threads with one subject are put together', () => {
  const one = { subjects: [1, 1, 1] }
  // Two that are no answers: neither is the other's parent.
  assert.equal(written(facts([[1], [2]], { subjects: [1, 1] })), '((1)(2))')
  // An answer goes below what is none, whichever comes first.
  assert.equal(written(facts([[1], [2]], { subjects: [1, 1], replies: [1, 0] })), '(2 1)')
  assert.equal(written(facts([[1], [2]], { subjects: [1, 1], replies: [0, 1] })), '(1 2)')
  // A dummy takes in all others; two dummies become one.
  assert.equal(written(facts([[1, 9], [2, 9], [3]], one)), '((1)(2)(3))')
  assert.equal(
    written(
      facts(
        [
          [1, 9],
          [2, 9],
          [3, 8],
          [4, 8],
        ],
        { subjects: [1, 1, 1, 1] },
      ),
    ),
    '((1)(2)(3)(4))',
  )
})

const idList = fc.array(fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 5 }), { maxLength: 25 })

test('whatever the references say, every message is in the threads once, and only heads may be missing', () => {
  fc.assert(
    fc.property(
      idList,
      fc.array(fc.nat({ max: 3 }), { minLength: 25, maxLength: 25 }),
      fc.array(fc.nat({ max: 1 }), { minLength: 25, maxLength: 25 }),
      (ids, subjects, replies) => {
        const given = facts(
          ids.map(([own = 0, ...others]) => [own, ...others.map((id) => id + 1)]),
          { subjects, replies, sent: subjects.map((subject, index) => (subject * 7 + index) % 5) },
        )
        const seen: number[] = []
        const visit = (thread: Thread, depth: number): void => {
          if (thread.message === undefined) assert.ok(depth === 0 && thread.children.length > 1)
          else seen.push(thread.message)
          for (const child of thread.children) visit(child, depth + 1)
        }
        for (const thread of threadByReferences(given)) visit(thread, 0)
        assert.deepEqual(
          seen.sort((a, b) => a - b),
          [...ids.keys()],
        )
      },
    ),
  )
})

test('a thread as long as a folder, and one without end, take no recursion', () => {
  const chain = Array.from({ length: 100_000 }, (_, index) => [index + 1, ...(index === 0 ? [] : [index])])
  assert.equal(written(facts(chain)).length, written(facts(chain.toReversed())).length)
  const comb = Array.from({ length: 100_000 }, (_, index) => [index + 1, Math.max(1, index - (index % 2))])
  assert.match(written(facts(comb)), /^\(1 /)
})
