/**
 * Watches the clock (I7: within a second of UTC): against time servers, or, without any, by asking the operating system whether it keeps its clock
 * itself. An alarm comes at one second, again each hour while it lasts, and its end is told below half a second.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { periodically } from '../base/periodic.ts'
import { askOffset, medianOf, type TimeServer } from './sntp.ts'

const MOST_MS = 1000
const GOOD_AGAIN_MS = 500
const LOOK_MS = 5 * 60_000
const AGAIN_MS = 60 * 60_000
const TIMEOUT_MS = 5000

export interface ClockDeps {
  readonly servers: readonly TimeServer[]
  /** what the operating system says of its own clock; null: nothing */
  readonly synchronised: () => Promise<boolean | null>
  readonly report: EventSink
  readonly now: () => number
  /** for an answer of a server */
  readonly timeoutMs?: number
}

/** How far our clock is before UTC, in milliseconds; null where nobody can tell. */
export interface ClockState {
  readonly offsetMs: number | null
  /** how many servers answered */
  readonly servers: number
  readonly problems: readonly string[]
}

export async function measureClock({ servers, now, timeoutMs = TIMEOUT_MS }: Omit<ClockDeps, 'synchronised' | 'report'>) {
  const answers = await Promise.allSettled(servers.map((server) => askOffset(server, now, timeoutMs)))
  const offsets = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  const problems = answers.flatMap((answer) => (answer.status === 'rejected' ? [asCeralaccaError(answer.reason).message] : []))
  const median = medianOf(offsets)
  return { offsetMs: median === null ? null : -median, servers: offsets.length, problems } satisfies ClockState
}

/** Looks once, and reports what has changed. */
export function createClockAlarm(deps: ClockDeps): () => Promise<void> {
  const { servers, synchronised, report, now } = deps
  let late = false
  let unwatched = false
  let toldAt = Number.NEGATIVE_INFINITY

  function tellUnwatched(reason: string): void {
    if (!unwatched || now() - toldAt >= AGAIN_MS) {
      toldAt = now()
      report('clock-unwatched', { reason })
    }
    unwatched = true
  }

  function tellOffset(offsetMs: number, asked: number): void {
    const offset = Math.round(offsetMs)
    unwatched = false
    const size = Math.abs(offsetMs)
    if (size > MOST_MS && (!late || now() - toldAt >= AGAIN_MS)) {
      late = true
      toldAt = now()
      report('clock-offset', { milliseconds: offset, servers: asked })
    } else if (late && size < GOOD_AGAIN_MS) {
      late = false
      report('clock-good-again', { milliseconds: offset })
    }
  }

  return async () => {
    if (servers.length > 0) {
      const { offsetMs, servers: asked, problems } = await measureClock(deps)
      if (offsetMs === null) return tellUnwatched(problems.join('; '))
      return tellOffset(offsetMs, asked)
    }
    const kept = await synchronised()
    if (kept === true) unwatched = false
    else
      tellUnwatched(kept === null ? 'CERALACCA_TIME_SERVERS is not set' : 'the operating system does not synchronise its clock')
  }
}

/** Looks now and every five minutes; answers how to stop. */
export function watchClock(deps: ClockDeps): () => Promise<void> {
  return periodically(createClockAlarm(deps), { where: 'clock', everyMs: LOOK_MS, atOnce: true, report: deps.report })
}

const run = promisify(execFile)

/** Whether systemd says that the clock is synchronised; null where there is no systemd, or it does not say. */
export async function systemSynchronised(): Promise<boolean | null> {
  try {
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: TIMEOUT_MS })
    return { yes: true, no: false }[stdout.trim()] ?? null
  } catch {
    // Not there, or no systemd runs: then nothing is known, which is reported.
    return null
  }
}
