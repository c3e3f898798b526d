import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { CeralaccaError } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import type { BlobSlice } from './content.ts'
import { createContents } from './contents.ts'
import { mailboxQueries } from './queries.ts'
import { contentOfParts, withStore } from './test-store.ts'

const { database, blobs, mailbox, arrive, store, folderOf } = await withStore({ after })
const contents = createContents(mailboxQueries(database), blobs)

async function read(slot: number, id: string, from: number, to: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(contents.read(slot, id, from, to)))
}

/** A blob that begins elsewhere than the slice. */
async function sliceOf(slot: number, middle: Buffer): Promise<BlobSlice> {
  const id = uuidv7()
  const whole = Buffer.concat([Buffer.from('è'), middle])
  await blobs.put({ slot, id }, whole, 'database', createHash('sha256').update(whole).digest())
  return { slot, id, place: 'database', offset: 2, length: middle.length }
}

/** Bytes that are text to the database, and such that are not: NUL, single bytes of UTF-8, surrogates. */
const bytes = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
  fc.constantFrom('\ufeffBOM', '\u0000', '\uffff', 'è', '😀').map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
  fc.constant(Buffer.from([0xed, 0xa0, 0x80])),
)

test('I5: ranges that are read at the same time are each the bytes that were stored', async () => {
  const owner = await mailbox()
  const { id: inbox } = await folderOf(owner, 'INBOX')
  const range = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(bytes, bytes, bytes, range), { minLength: 1, maxLength: 8 }), async (cases) => {
      const wholes = cases.map(([head, middle, tail]) => Buffer.concat([head, middle, tail]))
      const stored = await Promise.all(
        cases.map(async ([head, middle, tail]) => contentOfParts(head, await sliceOf(owner.slot, middle), middle, tail)),
      )
      const uids = await arrive(owner, stored)
      const messages = await Array.fromAsync(store.messages(owner, inbox, uids as number[]))
      await Promise.all(
        messages.map(async ({ content }, index) => {
          const whole = wholes[index] ?? Buffer.alloc(0)
          const [from = 0, to = 0] = (cases[index]?.[3] ?? [])
            .map((share) => Math.round(share * whole.length))
            .sort((a, b) => a - b)
          assert.deepEqual(await read(owner.slot, content.id, from, to), whole.subarray(from, to))
        }),
      )
    }),
    { numRuns: 40 },
  )
})

test('a content that is gone fails alone, not those that are read with it', async () => {
  const owner = await mailbox()
  const { id: inbox } = await folderOf(owner, 'INBOX')
  const [uid] = await arrive(owner, [contentOfParts(Buffer.from('there'), null, Buffer.alloc(0), Buffer.alloc(0))])
  const [message] = await Array.fromAsync(store.messages(owner, inbox, [uid ?? 0]))
  assert.ok(message)
  const there = (): Promise<Buffer> => read(owner.slot, message.content.id, 0, 5)
  const results = await Promise.allSettled([there(), read(owner.slot, uuidv7(), 0, 5), there()])
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? String(result.value) : (result.reason as CeralaccaError).code)),
    ['there', 'content-missing', 'there'],
  )
})
