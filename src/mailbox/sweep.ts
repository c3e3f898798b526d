/**
 * Gives back what nobody can reach any more: contents of messages expunged long ago, and the blobs that no content points at. The grace
 * time is far longer than any session or transaction that may still read or link them.
 */
import type { Reader, Transactor } from '../storage/database.ts'
import type { BlobRef } from '../storage/blobs.ts'

/**
 * What was expunged is remembered for so many days: a client that comes back within them is told of exactly what has gone, one that stayed away
 * for longer of every UID that is not there. The consistency checks know it too: what a tombstone proves is asked for as long.
 */
export const TOMBSTONE_DAYS = 180

/** Removes contents whose message was expunged before `before` and that no other message has. Answers how many. */
export async function sweepContents(
  { reader, transactor }: { reader: Reader; transactor: Transactor },
  before: Date,
): Promise<number> {
  const slots = await reader.read<{ slot: number }>(
    `select distinct t.slot from tombstone t join content c on c.slot = t.slot and c.id = t.content where t.expunged_at < $1`,
    [before],
  )
  let removed = 0
  for (const { slot } of slots) {
    const [row] = await transactor.call<{ removed: number }>(slot, 'select mailbox_sweep($1, $2) as removed', [slot, before])
    removed += row?.removed ?? 0
  }
  return removed
}

/** Tombstones that one transaction removes: whoever waits for the folder waits for no more. */
const AT_A_TIME = 5000

/**
 * Forgets what was expunged before `before`: a client that comes back from before that is told of all UIDs that are not there (RFC 7162 5.3).
 * What `sweepContents` still needs stays. Answers how many tombstones went.
 */
export async function forgetTombstones(
  { reader, transactor }: { reader: Reader; transactor: Transactor },
  before: Date,
): Promise<number> {
  const slots = await reader.read<{ slot: number }>('select distinct slot from tombstone where expunged_at < $1', [before])
  let forgotten = 0
  for (const { slot } of slots) {
    for (let last = AT_A_TIME; last === AT_A_TIME; forgotten += last) {
      const [row] = await transactor.call<{ forgotten: number }>(slot, 'select mailbox_forget($1, $2, $3) as forgotten', [
        slot,
        before,
        AT_A_TIME,
      ])
      last = row?.forgotten ?? 0
    }
  }
  return forgotten
}

/** How many blobs one statement answers. */
const PAGE = 1000

/**
 * Blobs older than `before` that no content points at, page by page. They all come, for the first pages may be full of blobs that somebody
 * else keeps. What is taken away meanwhile changes nothing.
 */
export async function* unreferencedBlobs(reader: Reader, before: Date): AsyncIterable<BlobRef[]> {
  const sql = `select b.slot, b.id from blob b where b.created_at < $1 and (b.slot, b.id) > ($2, $3)
    and not exists (select 1 from content c where c.blob = b.id) order by b.slot, b.id limit ${PAGE}`
  let last: BlobRef = { slot: -1, id: '00000000-0000-0000-0000-000000000000' }
  for (;;) {
    const page = await reader.read<BlobRef>(sql, [before, last.slot, last.id])
    if (page.length > 0) yield page
    const end = page.at(-1)
    if (!end || page.length < PAGE) return
    last = end
  }
}
