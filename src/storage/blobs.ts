/**
 * Blobs: the bytes that messages point at. A blob never changes (I5), and it is durable before the transaction that links it
 * commits. Small ones lie in PostgreSQL, in their row of table `blob`; large ones in a disk store, with a row besides.
 *
 * What is here keeps and gives bytes; which blob belongs to which message is the business of the callers.
 */
import { CeralaccaError } from '../base/errors.ts'
import { isUuid } from '../base/ids.ts'

export interface BlobRef {
  readonly slot: number
  /** a UUID, in lower case */
  readonly id: string
}

export type BlobPlace = 'database' | 'disk'

/**
 * A store of blobs. Contract (blob-store.contract.ts): `put` is durable when it resolves; putting the same bytes again changes
 * nothing; `read` gives exactly `length` bytes or throws `blob-missing`; deleting what is not there is no error.
 */
export interface BlobStore {
  put(ref: BlobRef, bytes: Buffer): Promise<void>
  read(ref: BlobRef, offset: number, length: number): Promise<Buffer>
  delete(ref: BlobRef): Promise<void>
  /** The blobs that have been there for longer than this, in no order. */
  list(olderThanMs: number): AsyncIterable<BlobRef>
}

/** The store in PostgreSQL also keeps the row of every blob on disk: what has no row after a grace time is swept. */
export interface DatabaseBlobStore extends BlobStore {
  /** Adds the row; `bytes` is null for a blob on disk. A row that is there already stays as it is. */
  addRow(ref: BlobRef, row: BlobRow): Promise<void>
  /** Removes the row, wherever the bytes lie. */
  removeRow(ref: BlobRef): Promise<void>
}

export interface BlobRow {
  readonly size: number
  readonly sha256: Buffer
  readonly place: BlobPlace
  readonly bytes: Buffer | null
}

/** The stores together. */
export interface Blobs {
  /** Where a blob of `size` bytes belongs. */
  place(size: number): BlobPlace
  /** Makes a blob durable, with its row, before the transaction that links it. Errors: `disk-full`, `database-full` (temporary). */
  put(ref: BlobRef, bytes: Buffer, place: BlobPlace, sha256: Buffer): Promise<void>
  /** Only the file of a large blob: for a caller whose own transaction adds the row (`blob_add`), and a small one's bytes with it. */
  putOnDisk(ref: BlobRef, bytes: Buffer): Promise<void>
  /** Exactly `length` bytes from `offset`. Throws `blob-missing` if they are not there. */
  read(ref: BlobRef, place: BlobPlace, offset: number, length: number): Promise<Buffer>
}

/** From this size on a blob lies on disk: beyond it a file is cheaper than TOAST rows in the WAL and in every backup. */
export const DISK_FROM_BYTES = 64 * 1024

export function createBlobs(stores: { readonly disk: BlobStore; readonly database: DatabaseBlobStore }): Blobs {
  return {
    place: (size) => (size < DISK_FROM_BYTES ? 'database' : 'disk'),
    async put(ref, bytes, place, sha256) {
      if (place === 'disk') await stores.disk.put(ref, bytes)
      await stores.database.addRow(ref, { size: bytes.length, sha256, place, bytes: place === 'disk' ? null : bytes })
    },
    putOnDisk: (ref, bytes) => stores.disk.put(ref, bytes),
    read: (ref, place, offset, length) => stores[place].read(ref, offset, length),
  }
}

/** What was stored is not there any more, or not whole: an alarm, and for mail "try again". */
export const blobMissing = (ref: BlobRef, why: string, cause?: unknown): CeralaccaError =>
  new CeralaccaError('blob-missing', 'temporary', `blob ${ref.slot}/${ref.id}: ${why}`, { cause })

/** Throws a bug unless the reference is well formed: it becomes a path. */
export function checkBlobRef({ slot, id }: BlobRef): void {
  if (!Number.isInteger(slot) || slot < 0 || slot > 0xffff || !isUuid(id)) {
    throw new CeralaccaError('bad-blob-ref', 'bug', `not a blob reference: ${slot}/${id}`)
  }
}
