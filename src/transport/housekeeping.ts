/**
 * Housekeeping: every hour, what nobody can reach any more is given back: messages whose time in quarantine is over, contents, the memory
 * of what was expunged long ago, then the blobs that the contents held, then files that a crash left without a row. Safe beside working processes, and beside another one's housekeeping.
 */
import type { Events, EventSink } from '../base/events.ts'
import { periodically } from '../base/periodic.ts'
import { forgetTombstones, sweepContents, TOMBSTONE_DAYS, unreferencedBlobs } from '../mailbox/sweep.ts'
import type { QuarantineRoom } from '../quarantine/quarantine.ts'
import type { DatabaseBlobStore } from '../storage/blobs.ts'
import type { Database } from '../storage/database.ts'
import type { DiskBlobStore } from '../storage/disk-blob-store.ts'
import { sweepBlobs } from '../storage/sweep.ts'
import type { TransportQueries } from './queries.ts'

const GRACE_MS = 24 * 60 * 60_000
const INTERVAL_MS = 60 * 60_000
const TOMBSTONE_MS = TOMBSTONE_DAYS * 24 * 60 * 60_000

export interface HousekeepingDeps {
  readonly database: Database
  readonly disk: DiskBlobStore
  readonly rows: Pick<DatabaseBlobStore, 'removeRow'>
  readonly queries: Pick<TransportQueries, 'blobsInOutbox'>
  readonly quarantine: Pick<QuarantineRoom, 'expire' | 'blobsKept'>
  readonly report: EventSink
  readonly now: () => number
}

export interface Housekeeping {
  /** One round now. Answers what was removed. */
  sweep(): Promise<Events['swept']>
  /** A round every hour, until stopped. */
  start(): void
  /** Waits for a round that is under way. */
  stop(): Promise<void>
}

export function createHousekeeping({ database, disk, rows, queries, quarantine, report, now }: HousekeepingDeps): Housekeeping {
  let stop: (() => Promise<void>) | undefined

  async function sweep(): Promise<Events['swept']> {
    for (const { pecMsgid, point, at } of await quarantine.expire()) {
      report('quarantine-expired', { pecMsgid, point, at: new Date(at).toISOString() })
    }
    const before = new Date(now() - GRACE_MS)
    const contents = await sweepContents(database, before)
    const tombstones = await forgetTombstones(database, new Date(now() - TOMBSTONE_MS))
    let blobs = 0
    for await (const candidates of unreferencedBlobs(database.reader, before)) {
      const ids = candidates.map(({ id }) => id)
      const held = new Set([...(await queries.blobsInOutbox(ids)), ...(await quarantine.blobsKept(ids))])
      for (const blob of candidates.filter(({ id }) => !held.has(id))) {
        // The file goes first: a row without a file is found and removed by the next round, a file without a row by the sweep below.
        await disk.delete(blob)
        await rows.removeRow(blob)
        blobs++
      }
    }
    const { unlinked, temporary } = await sweepBlobs({ disk, reader: database.reader, graceMs: GRACE_MS })
    return { contents, blobs, files: unlinked + temporary, tombstones }
  }

  return {
    sweep,
    start() {
      stop = periodically(async () => report('swept', await sweep()), { where: 'housekeeping', everyMs: INTERVAL_MS, report })
    },
    stop: async () => stop?.(),
  }
}
