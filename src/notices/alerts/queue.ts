/**
 * Tells what there is to tell, mailbox by mailbox: a queue of the provider's worker. What is told is settled on the row before (a cursor, under
 * which it goes again after a crash with the same key), and noted after the channel has taken it: nothing is lost and nothing arrives twice.
 */
import { asCeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import { dayOf } from '../../registry/agreement/days.ts'
import type { ArrivalReader } from './arrivals.ts'
import { expiryKey, type Finder } from './finder.ts'
import type { AlertQueries, Claimed, NewMessage, Present } from './queries.ts'
import type { ArrivalKind, Arrived, Channel, News } from './types.ts'

const LEASE_MS = 60_000
const AT_ONCE = 20
const LONGEST_WAIT_MS = 3_600_000
const DAY_MS = 86_400_000
/** Messages of a folder that are looked at for one alert, and how many an alert shows. */
const MOST_READ = 1000
const MOST_SHOWN = 20

export interface AlertQueueDeps {
  readonly queries: AlertQueries
  readonly finder: Finder
  readonly readArrivals: ArrivalReader
  readonly tell: Channel
  readonly report: EventSink
  readonly now: () => number
}

export function createAlertQueue({ queries, finder, readArrivals, tell, report, now }: AlertQueueDeps) {
  const send = ({ address, recipient, serial, language, slot, id }: Claimed, key: string, news: News): Promise<void> =>
    tell({ key: `alert:${id}:${key}`, mailbox: { slot, id }, address, recipient, serial, language, news })

  async function confirm(row: Claimed): Promise<void> {
    if (row.confirmationAt === null) return
    await send(row, `confirm:${row.serial}:${row.confirmationAt.getTime()}`, { kind: 'confirmation' })
  }

  async function tellQuota(row: Claimed, silent: boolean): Promise<void> {
    const warning = await queries.warning(row)
    if (!warning) return
    const { mark, used, quota, at } = warning
    if (!silent && row.kinds.includes('quota'))
      await send(row, `quota:${mark}:${at.getTime()}`, { kind: 'quota', mark, used, quota })
    await queries.quotaTold(row, at)
  }

  async function tellExpiry(row: Claimed, silent: boolean): Promise<void> {
    const { expiresOn, expiryTold } = row
    if (expiresOn === null) return
    const days = Math.round((Date.parse(expiresOn) - Date.parse(dayOf(now()))) / DAY_MS)
    const key = expiryKey(expiresOn, days)
    if (!silent && expiryTold !== key && days >= 0 && row.kinds.includes('expiry'))
      await send(row, `expiry:${key}`, { kind: 'expiry', expiresOn, days })
    await queries.expiryTold(row, key)
  }

  async function findArrived(row: Claimed, to: Present): Promise<{ messages: Arrived[]; atLeast: boolean }> {
    const found: NewMessage[] = []
    let atLeast = false
    for (const [folder, until] of Object.entries(to.looked)) {
      const from = row.looked[folder] ?? 1
      const those = until > from ? await queries.arrived(row.slot, folder, from, until, MOST_READ) : []
      atLeast ||= those.length === MOST_READ
      found.push(...those)
    }
    const wished: readonly string[] = row.kinds
    const messages = (await readArrivals(row.slot, found)).filter(({ kind }) => wished.includes(kind))
    return { messages: messages.toSorted((a, b) => b.at - a.at), atLeast }
  }

  async function tellArrivals(row: Claimed, silent: boolean): Promise<void> {
    const to = row.telling ?? (await queries.settle(row))
    const { messages, atLeast } = silent ? { messages: [], atLeast: false } : await findArrived(row, to)
    if (messages.length > 0) {
      await send(row, `arrived:${to.modseq}`, {
        kind: 'arrived',
        messages: row.details ? messages.slice(0, MOST_SHOWN) : [],
        counts: countsOf(messages),
        atLeast,
      })
    }
    await queries.digested(row, to, new Date(now()), messages.length > 0)
  }

  async function look(row: Claimed): Promise<void> {
    if (row.confirmedAt === null) await confirm(row)
    else {
      // Of a mailbox that is suspended or closed nothing is told, nor later what came meanwhile.
      const silent = row.status !== 'active'
      await tellQuota(row, silent)
      await tellExpiry(row, silent)
      if (row.telling !== null || (row.digestAt !== null && row.digestAt.getTime() <= now())) await tellArrivals(row, silent)
    }
    await queries.done(row)
  }

  async function tryToLook(row: Claimed): Promise<void> {
    try {
      await look(row)
    } catch (thrown) {
      report('unexpected-error', { where: `alerts of mailbox ${row.id}`, error: asCeralaccaError(thrown) })
      await queries.again(row, new Date(now() + Math.min(LONGEST_WAIT_MS, LEASE_MS * 2 ** Math.min(row.attempts, 10))))
    }
  }

  return {
    name: 'alerts',

    /** It finds and plans what is new before. */
    async dueSlots(at: Date): Promise<number[]> {
      await finder.find()
      return queries.dueSlots(at)
    },

    release: (slot: number, at: Date): Promise<void> => queries.release(slot, at, new Date(at.getTime() + LEASE_MS)),

    async workOff(slot: number): Promise<boolean> {
      const claimed = await queries.claim(slot, new Date(now()), new Date(now() + LEASE_MS), AT_ONCE)
      await Promise.all(claimed.map(tryToLook))
      return claimed.length === AT_ONCE
    },
  }
}

const countsOf = (messages: readonly Arrived[]): Record<ArrivalKind, number> => {
  const counts: Record<ArrivalKind, number> = { envelopes: 0, receipts: 0, anomalies: 0 }
  for (const { kind } of messages) counts[kind]++
  return counts
}
