/**
 * Quota warnings: which mailboxes have passed 80, 90 or 95 per cent of their quota (table `quota_warning`, for whoever tells the holders).
 * That a mark is passed stands in the mailbox's row from the transaction on that made it so; here it is found and noted, once, until the
 * mailbox has left it by five points. Several processes may look at the same time. Called by `main`.
 */
import type { EventSink } from '../base/events.ts'
import { periodically } from '../base/periodic.ts'
import type { Reader, Transactor } from '../storage/database.ts'

export interface QuotaWarning {
  readonly mailbox: string
  /** per cent of the quota */
  readonly mark: number
  /** bytes, when it was noted */
  readonly used: number
  readonly quota: number
}

/** Notes what there is to note now; answers the new warnings. A row that somebody else works on is left for the next time. */
export async function noteWarnings(
  { reader, transactor }: { reader: Reader; transactor: Transactor },
  at: Date,
): Promise<QuotaWarning[]> {
  // Every mailbox is looked at: 200,000 take 60 ms, and an index would cost each delivery more.
  const slots = await reader.read<{ slot: number }>(
    'select distinct slot from mailbox where warned_mark <> quota_mark(used, quota, warned_mark)',
  )
  const warnings: QuotaWarning[] = []
  for (const { slot } of slots) {
    const noted = 'select mailbox, mark, used, quota from mailbox_warn($1, $2)'
    warnings.push(...(await transactor.call<QuotaWarning>(slot, noted, [slot, at])))
  }
  return warnings
}

const INTERVAL_MS = 60_000

export interface QuotaWatchDeps {
  readonly database: { reader: Reader; transactor: Transactor }
  readonly report: EventSink
  readonly now: () => number
}

/** Notes warnings every minute, and reports them; answers how to stop, which waits for what is under way. */
export function watchQuotas({ database, report, now }: QuotaWatchDeps): () => Promise<void> {
  const look = async (): Promise<void> => {
    const warnings = await noteWarnings(database, new Date(now()))
    for (const { mailbox, mark } of warnings) report('quota-warning', { mailbox, mark })
  }
  return periodically(look, { where: 'quota warnings', everyMs: INTERVAL_MS, report })
}
