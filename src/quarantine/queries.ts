/** SQL of the quarantine (migration 0010). */
import type { Database } from '../storage/database.ts'
import type { BlobPlace } from '../storage/blobs.ts'
import type { QuarantinedMessage, Threat } from './types.ts'

export interface QuarantineRow {
  slot: number
  pec_msgid: string
  point: QuarantinedMessage['point']
  threat_kind: Threat['kind']
  threat: string
  sender: string
  recipients: string[]
  size: number
  sha256: Buffer
  blob: string
  blob_place: BlobPlace
  at: Date
  keep_until: Date
}

export type NewRow = Omit<QuarantineRow, 'keep_until'> & {
  /** null if they are on disk */
  readonly bytes: Buffer | null
}

/** One round of deletions. */
const EXPIRED_AT_ONCE = 1000

export function quarantineQueries({ reader, transactor }: Database) {
  return {
    /** Adds the row and its blob in one transaction; a row that is there already stays. */
    async keep(row: NewRow): Promise<void> {
      const { slot, pec_msgid, point, threat_kind, threat, sender, recipients, size, sha256, blob, blob_place, bytes, at } = row
      await transactor.call(slot, 'select quarantine_keep($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)', [
        slot,
        pec_msgid,
        point,
        threat_kind,
        threat,
        sender,
        recipients,
        size,
        sha256,
        blob,
        blob_place,
        bytes,
        at,
      ])
    },

    /** At most one a point. */
    find: (pecMsgid: string) =>
      reader.read<QuarantineRow>('select * from quarantine where pec_msgid = $1 order by at, point', [pecMsgid]),

    /** Oldest first. */
    since: (since: Date) =>
      reader.read<QuarantineRow>('select * from quarantine where at >= $1 order by at, pec_msgid, point', [since]),

    expired: (now: Date) =>
      reader.read<QuarantineRow>(`select * from quarantine where keep_until <= $1 order by keep_until limit ${EXPIRED_AT_ONCE}`, [
        now,
      ]),

    /** Answers whether it was there. The blob falls to the sweeper, which finds it without a message. */
    async remove({ slot, pec_msgid, point }: QuarantineRow): Promise<boolean> {
      const removed = await transactor.call(
        slot,
        'delete from quarantine where slot = $1 and pec_msgid = $2 and point = $3 returning point',
        [slot, pec_msgid, point],
      )
      return removed.length > 0
    },

    /** Those of the blobs that a message in quarantine points at. */
    async blobsKept(ids: readonly string[]): Promise<string[]> {
      const rows = await reader.read<{ blob: string }>('select blob from quarantine where blob = any ($1::uuid[])', [ids])
      return rows.map((row) => row.blob)
    },
  }
}
