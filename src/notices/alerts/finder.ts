/**
 * Finds whose alerts have something to tell, and plans when. Hints of the bus name mailboxes that have changed; since hints may be lost, all
 * mailboxes are looked through each minute, by slots: two cursors are compared, and nothing else is read of a mailbox that has not changed.
 * Several processes may do so at the same time: a plan that stands is not changed.
 */
import { isUuid, slotOf } from '../../base/ids.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { ExpiringMailbox } from '../../registry/agreement/expiring.ts'
import type { Bus } from '../../storage/bus.ts'
import type { AlertQueries, Changed } from './queries.ts'
import { digestTime } from './schedule.ts'

const SWEEP_MS = 60_000
const EXPIRY_MS = 3_600_000
const SLOTS = 4096
const PAGE_SLOTS = 256
/** Before the service ends; reminders of the agreement tell of it until the last day on which a renewal is in time. */
const EXPIRY_DAYS: readonly number[] = [7, 1]
export const expiryKey = (expiresOn: string, days: number): string => `${expiresOn}/${days}`

export interface Finder {
  /** Plans what hints have named since the last time; and, when it is time, what a look at all mailboxes finds. */
  find(): Promise<void>
}

export interface FinderDeps {
  readonly queries: AlertQueries
  readonly bus: Pick<Bus, 'subscribeAll'>
  /** contracts that end in so many days, by their mailboxes */
  readonly expiring: (days: readonly number[]) => Promise<ExpiringMailbox[]>
  readonly now: () => number
}

export function createFinder({ queries, bus, expiring, now }: FinderDeps): Finder {
  let hinted = new Set<string>()
  let sweptAt = -Infinity
  let expiryAt = -Infinity
  bus.subscribeAll((key) => {
    if (isUuid(key)) hinted.add(key)
  })

  async function plan(changed: readonly Changed[]): Promise<void> {
    await bySlot(changed, (slot, those) =>
      queries.planDigests(
        slot,
        those.map((one) => ({ id: one.id, at: new Date(digestTime(one, now())) })),
      ),
    )
  }

  async function takeHints(): Promise<void> {
    if (hinted.size === 0) return
    const taken = [...hinted].map((id) => ({ slot: slotOf(id), id }))
    hinted = new Set()
    await plan(await queries.changedAmong(taken))
  }

  async function sweep(): Promise<void> {
    for (let from = 0; from < SLOTS; from += PAGE_SLOTS) await plan(await queries.changedIn(from, from + PAGE_SLOTS))
    const at = new Date(now())
    await bySlot(await queries.warned(at), (slot, those) =>
      queries.lookNow(
        slot,
        those.map(({ id }) => id),
        at,
      ),
    )
  }

  async function findExpiring(): Promise<void> {
    const at = new Date(now())
    await bySlot(await expiring(EXPIRY_DAYS), (slot, those) =>
      queries.planExpiry(
        slot,
        those.map(({ id, expiresOn, days }) => ({ id, expiresOn, told: expiryKey(expiresOn, days) })),
        at,
      ),
    )
  }

  return {
    async find() {
      await takeHints()
      if (now() >= sweptAt + SWEEP_MS) {
        sweptAt = now()
        await sweep()
      }
      if (now() >= expiryAt + EXPIRY_MS) {
        expiryAt = now()
        await findExpiring()
      }
    },
  }
}

/** A transaction touches one slot; several slots go at the same time. */
async function bySlot<Row extends MailboxRef>(
  rows: readonly Row[],
  work: (slot: number, rows: readonly Row[]) => Promise<void>,
): Promise<void> {
  await Promise.all([...Map.groupBy(rows, ({ slot }) => slot)].map(([slot, those]) => work(slot, those)))
}
