/**
 * Gives back what nobody can reach any more: contents of messages expunged long ago, and the blobs that no content points at. The grace
 * time is far longer than any session or transaction that may still read or link them.
 */
import type { Reader, Transactor } from '../storage/database.ts'
import type { BlobRef } from '../storage/blobs.ts'

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

/** Blobs older than `before` that no content points at, at most 1,000 of them. */
export async function unreferencedBlobs(reader: Reader, before: Date): Promise<BlobRef[]> {
  return reader.read<BlobRef>(
    `select b.slot, b.id from blob b where b.created_at < $1 and not exists (select 1 from content c where c.blob = b.id) limit 1000`,
    [before],
  )
}
