/**
 * The probe: asks each service in turn whether it answers, and writes down when one does not, from the round that found it out to the one that
 * found it well. Its rounds are written down too, so that a time in which the provider itself did not run counts: from the last round, or
 * from its orderly end, to the first round after it, for every service.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { markOf } from './availability.ts'
import type { ServiceLevelQueries } from './queries.ts'
import { availabilities, SERVICES, type Service } from './report.ts'
import { periodAt, startOfRomeDay } from './rome-time.ts'

export interface ProbeDeps {
  readonly queries: ServiceLevelQueries
  /** by service: resolves if it answers; those that are not here are not looked after by this process */
  readonly checks: Partial<Record<Service, () => Promise<void>>>
  readonly intervalMs: number
  readonly report: EventSink
  readonly now: () => number
  /** before a service that does not answer is asked once more */
  readonly secondLookMs?: number
}

export interface Probe {
  /** One round. Answers whether it was this process's turn. */
  round(): Promise<boolean>
  /** Rounds from now on. */
  start(): void
  /** Waits for a round that is under way, and says that this process ends. */
  stop(): Promise<void>
}

/** A round may be so much later than the one before, in intervals and the time of a slow round, before the time between counts as an outage. */
const LATE = 2
const LONGEST_ROUND_MS = 30_000
/** Another process has had its round so lately, in intervals. */
const RECENT = 0.9
const SECOND_LOOK_MS = 3000

export function createProbe(deps: ProbeDeps): Probe {
  const { queries, checks, intervalMs, report, now, secondLookMs = SECOND_LOOK_MS } = deps
  const holder = randomUUID()
  const told = new Map<string, number>()
  /** when this process first could not write to the database, while it cannot */
  let unwritten: number | null = null
  let rounds = 0
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<unknown> = Promise.resolve()

  async function answers(check: () => Promise<void>): Promise<string | null> {
    try {
      await check()
      return null
    } catch (thrown) {
      return asCeralaccaError(thrown).message
    }
  }

  /** Why it does not answer, also at a second look; null if it does. */
  async function troubleOf(check: () => Promise<void>): Promise<string | null> {
    if ((await answers(check)) === null) return null
    await pause(secondLookMs)
    return answers(check)
  }

  /** The time since the last round, if nobody was there. */
  async function noteAbsence(at: number, { before, ended }: { before: number | null; ended: boolean }): Promise<void> {
    if (before === null || before >= at) return
    // That another process has ended is nothing to one that goes on.
    const orderly = ended && rounds === 1
    if (!orderly && at - before <= LATE * intervalMs + LONGEST_ROUND_MS) {
      if (unwritten !== null) await queries.openOutage({ service: 'database', from: unwritten, to: at, cause: 'no-answer' })
      return
    }
    const cause = orderly ? 'stopped' : 'not-running'
    for (const service of SERVICES) await queries.openOutage({ service, from: before, to: at, cause })
    report('service-was-down', { from: new Date(before).toISOString(), seconds: Math.round((at - before) / 1000), cause })
  }

  async function checkServices(at: number): Promise<void> {
    const open = (await queries.outages({ from: at, to: at + 1 })).filter(({ to }) => to === null)
    const asked = Object.entries(checks) as [Service, () => Promise<void>][]
    await Promise.all(
      asked.map(async ([service, check]) => {
        const reason = await troubleOf(check)
        const known = open.find((outage) => outage.service === service)
        if (reason !== null && !known) {
          await queries.openOutage({ service, from: at, to: null, cause: 'no-answer' })
          report('service-down', { service, reason })
        }
        if (reason === null && known) {
          const end = now()
          await queries.closeOutage(service, end)
          report('service-restored', { service, seconds: Math.round((end - known.from) / 1000) })
        }
      }),
    )
  }

  /** Tells each mark of a service's budget once in a period, as far as this process knows. */
  async function tellBudgets(at: number): Promise<void> {
    const period = periodAt(at)
    const span = { from: startOfRomeDay(period.from), to: startOfRomeDay(period.to) }
    for (const { service, ...state } of (await availabilities(queries, span, at)).services) {
      const mark = markOf(state)
      const key = `${period.name} ${service}`
      if (mark === null || mark <= (told.get(key) ?? 0)) continue
      told.set(key, mark)
      const seconds = (ms: number): number => Math.round(ms / 1000)
      const used = { downSeconds: seconds(state.downMs), longestSeconds: seconds(state.longestMs) }
      report('availability-budget', { service, period: period.name, mark, ...used, budgetSeconds: seconds(state.budgetMs) })
    }
  }

  async function round(): Promise<boolean> {
    const at = now()
    try {
      const claimed = await queries.claimRound(holder, at, at - RECENT * intervalMs)
      if (!claimed) return false
      rounds++
      await noteAbsence(at, claimed)
      unwritten = null
    } catch (thrown) {
      unwritten ??= at
      throw thrown
    }
    await checkServices(at)
    await tellBudgets(now())
    return true
  }

  async function look(): Promise<void> {
    try {
      await round()
    } catch (thrown) {
      report('unexpected-error', { where: 'probe', error: asCeralaccaError(thrown) })
    }
    if (!stopped) timer = setTimeout(begin, intervalMs)
  }

  const begin = (): void => void (current = look())

  return {
    round,
    start: begin,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await current
      // Where it fails, the next start finds that rounds are missing.
      await queries
        .endRounds(holder, now())
        .catch((thrown: unknown) => report('unexpected-error', { where: 'probe', error: asCeralaccaError(thrown) }))
    },
  }
}
