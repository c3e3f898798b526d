/** How long a service did not answer, against what the rules allow: 99.8 per cent of four months, and no outage longer than half of the rest. Pure. */

/** Milliseconds since 1970; `to` is not in it. */
export interface Interval {
  readonly from: number
  readonly to: number
}

export interface Availability {
  /** of the time that was watched, 0 to 1; null where none was */
  readonly share: number | null
  readonly watchedMs: number
  /** without maintenance */
  readonly downMs: number
  /** out during declared maintenance */
  readonly maintenanceMs: number
  readonly longestMs: number
  /** outages, without maintenance */
  readonly outages: number
  readonly budgetMs: number
  /** whether both rules are kept so far */
  readonly kept: boolean
}

const ALLOWED = 0.002
const LONGEST = 0.5

/** The intervals without overlaps, in order, cut to a span. */
export function joined(intervals: readonly Interval[], span: Interval): Interval[] {
  const result: { from: number; to: number }[] = []
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const cut = { from: Math.max(from, span.from), to: Math.min(to, span.to) }
    if (cut.from >= cut.to) continue
    const last = result.at(-1)
    if (last && cut.from <= last.to) last.to = Math.max(last.to, cut.to)
    else result.push(cut)
  }
  return result
}

/** What is left of intervals (joined) where others (joined) are taken away. */
export function without(intervals: readonly Interval[], taken: readonly Interval[]): Interval[] {
  return intervals.flatMap((interval) => {
    const pieces: Interval[] = []
    let { from } = interval
    for (const hole of taken) {
      if (hole.to <= from || hole.from >= interval.to) continue
      if (hole.from > from) pieces.push({ from, to: hole.from })
      from = Math.max(from, hole.to)
    }
    if (from < interval.to) pieces.push({ from, to: interval.to })
    return pieces
  })
}

const lengthOf = (intervals: readonly Interval[]): number => intervals.reduce((sum, { from, to }) => sum + to - from, 0)

/**
 * @param period whole: the budget is a share of it
 * @param watched the part of it that was watched until now; null where none was
 */
export function availabilityOf(
  period: Interval,
  watched: Interval | null,
  outages: readonly Interval[],
  maintenance: readonly Interval[],
): Availability {
  const budgetMs = Math.round((period.to - period.from) * ALLOWED)
  const span = watched ?? { from: period.from, to: period.from }
  const out = joined(outages, span)
  const down = without(out, joined(maintenance, span))
  const downMs = lengthOf(down)
  const watchedMs = span.to - span.from
  const longestMs = Math.max(0, ...down.map(({ from, to }) => to - from))
  return {
    share: watchedMs > 0 ? 1 - downMs / watchedMs : null,
    watchedMs,
    downMs,
    maintenanceMs: lengthOf(out) - downMs,
    longestMs,
    outages: down.length,
    budgetMs,
    kept: downMs <= budgetMs && longestMs <= budgetMs * LONGEST,
  }
}

/** Marks of the budget, in per cent, at which somebody is told. */
export const MARKS = [100, 80, 50] as const

/** The highest mark that is passed, by what is down in all or by the longest outage against half of the budget; null where none is. */
export function markOf({ downMs, longestMs, budgetMs }: Pick<Availability, 'downMs' | 'longestMs' | 'budgetMs'>): number | null {
  const used = budgetMs > 0 ? (100 * Math.max(downMs, longestMs / LONGEST)) / budgetMs : 0
  return MARKS.find((mark) => used >= mark) ?? null
}
