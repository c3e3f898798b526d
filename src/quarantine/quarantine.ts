/**
 * The quarantine: messages with a virus, and those with a blocked attachment, kept apart for 30 months; who, what, when, and every byte.
 *
 * Invariants: what `keep` resolved is on disk, row and bytes in one transaction; the bytes never change (I5); nothing leaves before its
 * 30 months are over, counted by the calendar of Italy. The points keep; housekeeping removes; the CLI looks and exports.
 */
import { createHash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { slotOf, uuidv7 } from '../base/ids.ts'
import { storable } from '../ledger/entry.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Database } from '../storage/database.ts'
import { quarantineQueries } from './queries.ts'
import type { QuarantineRow } from './queries.ts'
import type { Quarantine, QuarantinedMessage } from './types.ts'

/** A kept message, without its bytes. */
export interface QuarantineRecord extends Omit<QuarantinedMessage, 'bytes'> {
  readonly size: number
  /** in hex */
  readonly sha256: string
  /** it is deleted after this instant, milliseconds since 1970 */
  readonly keepUntil: number
}

export interface QuarantineRoom extends Quarantine {
  /** Those kept since an instant (default: all), oldest first. */
  list(since?: number): Promise<QuarantineRecord[]>
  /** Those of an identifier (without angle brackets): none, or one a point. */
  find(pecMsgid: string): Promise<QuarantineRecord[]>
  /** The bytes of one, in pieces. @throws `quarantine-missing`, `blob-missing`, `quarantine-damaged` after the last piece */
  read(record: Pick<QuarantineRecord, 'pecMsgid' | 'point'>): AsyncIterable<Buffer>
  /** Removes those whose time is over; answers them. Their bytes go with the next sweep of the blobs. */
  expire(): Promise<QuarantineRecord[]>
  /** Those of the blobs that are still kept here. */
  blobsKept(ids: readonly string[]): Promise<string[]>
}

export interface QuarantineDeps {
  readonly database: Database
  readonly blobs: Pick<Blobs, 'place' | 'putOnDisk' | 'read'>
  readonly now: () => number
}

const PIECE = 1024 * 1024

export function createQuarantine({ database, blobs, now }: QuarantineDeps): QuarantineRoom {
  const queries = quarantineQueries(database)

  return {
    async keep(message) {
      const { pecMsgid, point, bytes, threat } = message
      // A repeated step writes no second file.
      if ((await queries.find(pecMsgid)).some((row) => row.point === point)) return
      const ref = { slot: slotOf(pecMsgid), id: uuidv7(now()) }
      const place = blobs.place(bytes.length)
      if (place === 'disk') await blobs.putOnDisk(ref, bytes)
      await queries.keep({
        slot: ref.slot,
        pec_msgid: pecMsgid,
        point,
        threat_kind: threat.kind,
        threat: storable(threat.name),
        sender: storable(message.sender),
        recipients: message.recipients.map(storable),
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest(),
        blob: ref.id,
        blob_place: place,
        bytes: place === 'disk' ? null : bytes,
        at: new Date(message.at),
      })
    },

    list: async (since = 0) => (await queries.since(new Date(since))).map(recordOf),

    find: async (pecMsgid) => (await queries.find(pecMsgid)).map(recordOf),

    async *read({ pecMsgid, point }) {
      const row = (await queries.find(pecMsgid)).find((row) => row.point === point)
      if (!row) throw new CeralaccaError('quarantine-missing', 'client', `${pecMsgid} is not in quarantine`)
      const hash = createHash('sha256')
      for (let at = 0; at < row.size; at += PIECE) {
        const piece = await blobs.read({ slot: row.slot, id: row.blob }, row.blob_place, at, Math.min(PIECE, row.size - at))
        hash.update(piece)
        yield piece
      }
      if (!hash.digest().equals(row.sha256)) {
        throw new CeralaccaError('quarantine-damaged', 'permanent', `${pecMsgid} has not the bytes that were put in quarantine`)
      }
    },

    async expire() {
      const removed: QuarantineRecord[] = []
      for (const row of await queries.expired(new Date(now()))) if (await queries.remove(row)) removed.push(recordOf(row))
      return removed
    },

    blobsKept: queries.blobsKept,
  }
}

function recordOf(row: QuarantineRow): QuarantineRecord {
  return {
    point: row.point,
    threat: { kind: row.threat_kind, name: row.threat },
    pecMsgid: row.pec_msgid,
    sender: row.sender,
    recipients: row.recipients,
    size: row.size,
    sha256: row.sha256.toString('hex'),
    at: row.at.getTime(),
    keepUntil: row.keep_until.getTime(),
  }
}
