/**
 * The watches of RFC 6109 3.1.6: a sender hears after 12 hours if nobody took his message in charge, and before 24 hours if nothing said that
 * it was delivered, or that it was not. They are times on the dispatch's row, so that a restart changes nothing.
 *
 * - taken in charge in time, never delivered: the 24 h notice alone
 * - not taken in charge, delivered after 12 hours: the 12 h notice alone
 * - neither: both
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { LEASE_MS } from './lease.ts'
import type { Loader } from './loader.ts'
import type { DispatchRow, TransportQueries } from './queries.ts'
import type { SubmissionFacts } from './types.ts'
import type { Queue } from './worker.ts'

const HOUR = 3_600_000
/** "by the 24-hour timeout, but not before 22 hours have passed" */
export const LAST_NOTICE_AFTER_MS = 23 * HOUR
const CLAIM_AT_A_TIME = 100

export interface WatchesDeps {
  readonly queries: TransportQueries
  readonly loader: Pick<Loader, 'loadFacts'>
  /** Issues a notice of delay, unless the dispatch is closed, or, for 12 hours, taken in charge. */
  readonly notify: (submission: SubmissionFacts, recipient: string, hours: 12 | 24, watchAt: number | null) => Promise<unknown>
  readonly report: EventSink
  readonly now: () => number
}

export function createWatches({ queries, loader, notify, report, now }: WatchesDeps): Queue {
  async function look(row: DispatchRow): Promise<void> {
    const { slot, pec_msgid, recipient, taken_at } = row
    const submission = await loader.loadFacts(slot, pec_msgid)
    const last = submission.acceptedAt.ms + LAST_NOTICE_AFTER_MS
    if (now() >= last) return void (await notify(submission, recipient, 24, null))
    const certified = submission.data.recipients.some((one) => one.address === recipient && one.certified)
    // An ordinary address has no provider that takes in charge.
    if (certified && taken_at === null) await notify(submission, recipient, 12, last)
    await queries.setWatch(slot, pec_msgid, recipient, new Date(last))
  }

  return {
    name: 'watch',
    dueSlots: (at) => queries.dueSlots('watch', at),
    // A watch that was claimed and not looked at is due again when its lease has passed.
    release: () => Promise.resolve(),
    async workOff(slot) {
      const at = now()
      const rows = await queries.claimWatches(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
      // Together: notices for one mailbox are committed together.
      const looks = rows.map((row) =>
        look(row).catch((thrown: unknown) =>
          report('dispatch-attempt-failed', { pecMsgid: row.pec_msgid, error: asCeralaccaError(thrown) }),
        ),
      )
      await Promise.all(looks)
      return rows.length === CLAIM_AT_A_TIME
    },
  }
}
