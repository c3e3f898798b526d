/**
 * Removes what a crash between file and transaction leaves on disk: files of blobs that no row names, and unfinished files. A file
 * is only touched when it is older than the grace time, which is far longer than any transaction that may still link it.
 */
import type { BlobRef } from './blobs.ts'
import type { Reader } from './database.ts'
import type { DiskBlobStore } from './disk-blob-store.ts'

export interface SweepDeps {
  readonly disk: DiskBlobStore
  readonly reader: Reader
  readonly graceMs: number
}

export interface SweepResult {
  readonly unlinked: number
  readonly temporary: number
}

/** How many files one statement asks about. */
const BATCH = 500

/** One sweep over the disk store. Safe beside writers and beside another sweep. */
export async function sweepBlobs({ disk, reader, graceMs }: SweepDeps): Promise<SweepResult> {
  let unlinked = 0
  for await (const refs of inBatches(disk.list(graceMs))) {
    for (const ref of await withoutRow(reader, refs)) {
      await disk.delete(ref)
      unlinked++
    }
  }
  return { unlinked, temporary: await disk.sweepTemporary(graceMs) }
}

function withoutRow(reader: Reader, refs: readonly BlobRef[]): Promise<BlobRef[]> {
  return reader.read<BlobRef>(
    `select slot, id from unnest($1::integer[], $2::uuid[]) as file(slot, id)
     where not exists (select from blob where blob.slot = file.slot and blob.id = file.id)`,
    [refs.map((ref) => ref.slot), refs.map((ref) => ref.id)],
  )
}

async function* inBatches(refs: AsyncIterable<BlobRef>): AsyncIterable<BlobRef[]> {
  let batch: BlobRef[] = []
  for await (const ref of refs) {
    if (batch.push(ref) < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
