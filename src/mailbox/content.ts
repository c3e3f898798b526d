/**
 * Content = head + slice of a blob + tail (ARCHITECTURE.md). One call of a database function carries many contents: their facts
 * as JSON, their bytes side by side in one parameter, so that no byte is escaped or encoded on the way.
 */
import { createHash } from 'node:crypto'
import type { Instant } from '../base/instant.ts'

/** Where the middle of a content lies. */
export interface BlobSlice {
  readonly slot: number
  readonly id: string
  readonly place: 'database' | 'disk'
  readonly offset: number
  readonly length: number
}

/** A message ready to be stored. */
export interface MessageContent {
  readonly head: Buffer
  readonly tail: Buffer
  /** as `encodeParsed` made it */
  readonly parsed: Buffer
  readonly size: number
  readonly slice: BlobSlice | null
}

/** A blob that is not stored yet; one whose place is the disk has been put there (`putOnDisk`). */
export interface NewBlob {
  readonly slot: number
  readonly id: string
  readonly place: 'database' | 'disk'
  readonly bytes: Buffer
  readonly sha256: Buffer
}

/** The bytes of one call, and the positions that its items name. */
export class BytesPack {
  private readonly pieces: Buffer[] = []
  private length = 0

  /** Adds bytes and answers where they start. */
  add(...buffers: Buffer[]): number {
    const at = this.length
    for (const buffer of buffers) {
      this.pieces.push(buffer)
      this.length += buffer.length
    }
    return at
  }

  bytes(): Buffer {
    return Buffer.concat(this.pieces, this.length)
  }
}

const HASH_OF_NOTHING = createHash('sha256').digest()

/** The JSON of a content for `content_add`, its bytes added to the pack. */
export function contentItem(pack: BytesPack, id: string, content: MessageContent): object {
  const { head, tail, parsed, size, slice } = content
  const hash = head.length + tail.length === 0 ? HASH_OF_NOTHING : createHash('sha256').update(head).update(tail).digest()
  return {
    id,
    size,
    at: pack.add(hash, head, tail, parsed),
    head: head.length,
    tail: tail.length,
    parsed: parsed.length,
    ...(slice && {
      blobSlot: slice.slot,
      blob: slice.id,
      blobPlace: slice.place,
      blobOffset: slice.offset,
      blobLength: slice.length,
    }),
  }
}

/** The JSON of a message for `mailbox_append`: a certified message as it comes into an inbox, unread. */
export function arrivalItem(pack: BytesPack, id: string, content: MessageContent, at: Instant, receipt: boolean): object {
  return { ...contentItem(pack, id, content), flags: 0, keywords: '{}', internalDate: at.ms, receipt }
}

/** The JSON of a blob for a function that adds its row (`blob_add`): its hash, and its bytes if they lie in the database, in the pack. */
export function blobItem(pack: BytesPack, { id, place, bytes, sha256 }: NewBlob): object {
  return { id, size: bytes.length, place, at: pack.add(sha256, ...(place === 'database' ? [bytes] : [])) }
}
