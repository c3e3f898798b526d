/** Alarms before a certificate ends: 90, 30, 7 and 1 days ahead, each once, and when it has ended. Made by `wiring`, in the worker. */
import type { EventSink } from '../base/events.ts'
import { periodically } from '../base/periodic.ts'

/** What ends when. */
export interface Expiring {
  readonly what: 'seal' | 'tls' | 'time-stamp'
  /** tells it from others of its kind */
  readonly name: string
  /** milliseconds since 1970 */
  readonly notAfter: number
}

const DAY_MS = 86_400_000
/** days before the end; 0 is the end */
export const MARKS = [0, 1, 7, 30, 90] as const
const LOOK_MS = 10 * 60_000

/** The last mark that is passed, or null. */
export const markOf = (notAfter: number, at: number): number | null =>
  MARKS.find((days) => notAfter - at <= days * DAY_MS) ?? null

export interface ExpiryWatchDeps {
  readonly certificates: () => Promise<readonly Expiring[]>
  readonly report: EventSink
  readonly now: () => number
}

/** Alarms for what has passed a mark since the last call, or at all. */
export function createExpiryAlarm({ certificates, report, now }: ExpiryWatchDeps): () => Promise<void> {
  const told = new Map<string, number>()
  return async () => {
    for (const { what, name, notAfter } of await certificates()) {
      const mark = markOf(notAfter, now())
      const key = `${what} ${name} ${notAfter}`
      if (mark === null || mark >= (told.get(key) ?? Number.POSITIVE_INFINITY)) continue
      told.set(key, mark)
      const until = new Date(notAfter).toISOString()
      if (mark === 0) report('certificate-expired', { what, name, until })
      else report('certificate-expiring', { what, name, until, days: Math.max(0, Math.floor((notAfter - now()) / DAY_MS)) })
    }
  }
}

/** Looks now and every ten minutes; answers how to stop. */
export function watchExpiry(deps: ExpiryWatchDeps): () => Promise<void> {
  const where = 'expiry of certificates'
  return periodically(createExpiryAlarm(deps), { where, everyMs: LOOK_MS, atOnce: true, report: deps.report })
}
