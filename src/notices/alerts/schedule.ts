/** When messages that have come are told. Pure. */
import { instantOf } from '../../base/instant.ts'
import { addDays, dayOf, startOf } from '../../registry/agreement/days.ts'
import type { Frequency } from './types.ts'

/** So long is waited for more that comes together. */
export const GATHER_MS = 10_000
/** At once is not oftener than this: a thousand messages are not a thousand alerts. */
export const SHORTEST_PAUSE_MS = 60_000
const HOUR_MS = 3_600_000

export interface Rhythm {
  readonly frequency: Frequency
  readonly hour: number
  /** when something was told last */
  readonly toldAt: Date | null
}

/** The time to tell what has come until `now`, milliseconds since 1970. */
export function digestTime({ frequency, hour, toldAt }: Rhythm, now: number): number {
  if (frequency === 'at-once') return Math.max(now + GATHER_MS, (toldAt?.getTime() ?? 0) + SHORTEST_PAUSE_MS)
  // Offsets from UTC in Italy are whole hours.
  if (frequency === 'hourly') return (Math.floor(now / HOUR_MS) + 1) * HOUR_MS
  const today = dayOf(now)
  const at = hourOf(today, hour)
  return at > now ? at : hourOf(addDays(today, 1), hour)
}

/** When the clock in Italy strikes an hour; the next one where, in spring, it skips that. */
function hourOf(day: string, hour: number): number {
  const start = startOf(day)
  let at = start + Math.max(0, hour - 1) * HOUR_MS
  while (Number(instantOf(at).time.slice(0, 2)) < hour) at += HOUR_MS
  return at
}
