/**
 * Follows the ledger and the audit log, and makes deliveries of what subscriptions want to hear of. The entries of a slot have no gap and come
 * in the order of commits, so a cursor misses none, and costs those who write them nothing. Who follows has a lease on a part of a log; what is
 * read twice is added once, for an event's identifier is its place in the log. Without subscriptions nothing is read.
 */
import type { Log } from '../ledger/sealed-lines.ts'
import type { CursorQueries, CursorState, EntryRange, LogPart } from './cursor-queries.ts'
import type { DeliveryQueries } from './delivery-queries.ts'
import { bodyFor, CLOCK_MARGIN_MS, isFor, type Listener, type WebhookEvent } from './events.ts'

export interface Follower {
  /** Makes deliveries of what is new. Answers how many. */
  follow(listeners: readonly Listener[]): Promise<number>
}

export interface FollowerDeps {
  readonly cursors: CursorQueries
  readonly deliveries: Pick<DeliveryQueries, 'enqueue'>
  /** What ranges of a log tell, by slot and number. */
  readonly read: Readonly<Record<Log, (ranges: readonly EntryRange[]) => Promise<WebhookEvent[]>>>
  /** The orders by whose agreements mailboxes are given, of those orders that are named. */
  readonly ordersOf: (addresses: readonly string[], orders: readonly string[]) => Promise<ReadonlyMap<string, string>>
  /** names this process */
  readonly holder: string
  readonly now: () => number
}

export const LEASE_MS = 20_000
const MOST_ENTRIES = 1000
/** Nothing that is written takes so long from its time to its commit. */
const LATE_MS = 600_000

const isOfLog = (log: Log, kind: string): boolean => kind.startsWith('message.') === (log === 'ledger')

/** As much of what is new as is read at once. */
function firstOf(news: readonly EntryRange[]): EntryRange[] {
  const taken: EntryRange[] = []
  let left = MOST_ENTRIES
  for (const { slot, first, last } of news) {
    if (left === 0) break
    const end = Math.min(last, first + left - 1)
    taken.push({ slot, first, last: end })
    left -= end - first + 1
  }
  return taken
}

const after = (home: number, { next }: CursorState, ranges: readonly EntryRange[]): CursorState => {
  const moved = [...next]
  for (const { slot, last } of ranges) moved[slot - home] = last + 1
  return { next: moved, kept: true }
}

export function createFollower({ cursors, deliveries, read, ordersOf, holder, now }: FollowerDeps): Follower {
  const claim = (part: LogPart): Promise<CursorState | undefined> =>
    cursors.claim(part, holder, new Date(now()), new Date(now() + LEASE_MS))

  /** Nobody wants to hear of a log: its cursors are left where they are, and set anew when somebody does. */
  async function leave(log: Log): Promise<void> {
    for (const part of await cursors.parts(log, true)) {
      const state = await claim(part)
      if (state) await cursors.move(part, holder, state, { ...state, kept: false })
    }
  }

  async function takeUp(log: Log, listeners: readonly Listener[]): Promise<void> {
    const since = new Date(Math.min(...listeners.map((listener) => listener.since)) - CLOCK_MARGIN_MS - LATE_MS)
    for (const part of await cursors.parts(log, false)) {
      const state = await claim(part)
      if (state)
        await cursors.move(part, holder, state, state.kept ? state : { next: await cursors.startOf(part, since), kept: true })
    }
  }

  async function tell(events: readonly WebhookEvent[], listeners: readonly Listener[]): Promise<number> {
    const orders = listeners.filter(({ bound }) => bound === 'order').map(({ boundName }) => boundName)
    const unknown = events.flatMap(({ mailbox, order }) => (mailbox !== null && order === undefined ? [mailbox] : []))
    const orderOf =
      orders.length > 0 && unknown.length > 0 ? await ordersOf([...new Set(unknown)], orders) : new Map<string, string>()
    let added = 0
    for (const listener of listeners) {
      const wanted = events.filter((event) => isFor(event, listener, orderOf))
      if (wanted.length === 0) continue
      const rows = wanted.map((event) => ({
        event: event.id,
        kind: event.kind,
        subject: event.subject,
        body: bodyFor(event, listener),
      }))
      added += await deliveries.enqueue(listener.id, rows, new Date(now()))
    }
    return added
  }

  async function followPart(part: LogPart, listeners: readonly Listener[]): Promise<number> {
    let added = 0
    for (let more = true; more;) {
      const state = await claim(part)
      if (!state) return added
      const news = state.kept ? await cursors.news(part, state) : []
      const ranges = firstOf(news)
      if (ranges.length > 0) added += await tell(await read[part.log](ranges), listeners)
      const to = state.kept ? after(part.home, state, ranges) : state
      more = (await cursors.move(part, holder, state, to)) && ranges.at(-1)?.last !== news.at(-1)?.last
    }
    return added
  }

  async function followLog(log: Log, all: readonly Listener[]): Promise<number> {
    const listeners = all.filter(({ kinds }) => kinds.some((kind) => isOfLog(log, kind)))
    if (listeners.length === 0) {
      await leave(log)
      return 0
    }
    await takeUp(log, listeners)
    let added = 0
    for (const part of await cursors.behind(log)) added += await followPart(part, listeners)
    return added
  }

  return {
    follow: async (listeners) => (await followLog('audit', listeners)) + (await followLog('ledger', listeners)),
  }
}
