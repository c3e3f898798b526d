/** Work that is done over and over beside everything else, such as sweeping or looking at a clock. */
import { asCeralaccaError } from './errors.ts'
import type { EventSink } from './events.ts'

export interface Periodic {
  /** what is told when a round fails; the next one comes all the same */
  readonly where: string
  readonly everyMs: number
  /** a first round at once; default: only when the time has passed */
  readonly atOnce?: boolean
  readonly report: EventSink
}

/**
 * Runs rounds, one at a time: one that lasts longer than the time between two takes the place of those that it covers.
 * Answers how to stop, which waits for the round that is under way.
 */
export function periodically(
  work: () => Promise<unknown>,
  { where, everyMs, atOnce = false, report }: Periodic,
): () => Promise<void> {
  let round: Promise<void> | undefined
  const run = async (): Promise<void> => {
    try {
      await work()
    } catch (thrown) {
      report('unexpected-error', { where, error: asCeralaccaError(thrown) })
    }
    round = undefined
  }
  if (atOnce) round = run()
  const timer = setInterval(() => {
    round ??= run()
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await round
  }
}
