/** Counts the days of the ledger, each once it is over; and compares what was counted with the ledger. */
import { NO_COUNTS, type Counts, type Provider, type ServiceLevelQueries } from './queries.ts'
import { dayAfter, romeDayOf, startOfRomeDay } from './rome-time.ts'

export interface DayCountsDeps {
  readonly queries: ServiceLevelQueries
  readonly provider: Provider
  /** address of the provider's own mailbox */
  readonly service: string
  readonly now: () => number
}

/** A day is counted so long after its end: entries of its last second are committed by then. */
const SETTLED_MS = 60 * 60_000

export interface Difference {
  readonly day: string
  readonly figure: string
  readonly counted: number
  readonly ledger: number
}

export function createDayCounts({ queries, provider, service, now }: DayCountsDeps) {
  /** The first day that is not over for long enough. */
  const unsettled = (): string => romeDayOf(now() - SETTLED_MS)

  /** The first day of which the ledger has everything; null where it has nothing. */
  async function firstDay(): Promise<string | null> {
    const { keptSince, first } = await queries.ledgerSpan()
    if (first === null) return null
    const day = romeDayOf(first)
    return startOfRomeDay(day) >= keptSince ? day : dayAfter(day)
  }

  async function count(from: string, to: string): Promise<number> {
    let days = 0
    const found = await queries.countLedger(provider, { from: startOfRomeDay(from), to: startOfRomeDay(to) })
    for (let day = from; day < to; day = dayAfter(day), days++) await queries.putDay(day, found.get(day) ?? NO_COUNTS)
    return days
  }

  return {
    /** Counts the days that are over and were not counted yet; answers how many. Two processes that do it at a time write the same. */
    async closeDays(): Promise<number> {
      const to = unsettled()
      const last = await queries.lastCounted()
      const from = last === null ? await firstDay() : dayAfter(last)
      if (from === null || from >= to) return 0
      const days = await count(from, to)
      // Only the end of a day can tell how many there were.
      await queries.putMailboxes(dayAfter(to, -1), await queries.mailboxes(service))
      return days
    },

    /** Counts all days again of which the ledger has everything; answers how many. */
    async recompute(): Promise<number> {
      const from = await firstDay()
      const to = unsettled()
      return from === null || from >= to ? 0 : count(from, to)
    },

    /** Where what was counted is not what the ledger says, of the days of which it has everything. */
    async differences(): Promise<Difference[]> {
      const first = await firstDay()
      const last = await queries.lastCounted()
      if (first === null || last === null || last < first) return []
      const to = dayAfter(last)
      const counted = await queries.countedDays({ from: first, to })
      const ledger = await queries.countLedger(provider, { from: startOfRomeDay(first), to: startOfRomeDay(to) })
      const found: Difference[] = []
      for (let day = first; day < to; day = dayAfter(day)) {
        const [before, after] = [counted.get(day) ?? NO_COUNTS, ledger.get(day) ?? NO_COUNTS]
        for (const figure of Object.keys(after) as (keyof Counts)[]) {
          if (before[figure] !== after[figure]) found.push({ day, figure, counted: before[figure], ledger: after[figure] })
        }
      }
      return found
    },
  }
}
