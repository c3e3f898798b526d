/** A lease: for so long nobody else takes up a piece of work. Who needs longer renews it; who is killed frees it by dying. */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'

export const LEASE_MS = 20_000
const RENEW_EVERY_MS = 7000

/** Runs `work` and renews its lease meanwhile. A renewal that fails is reported: the next one may succeed, and a step done twice changes nothing (I4). */
export async function withLease<T>(renew: () => Promise<void>, report: EventSink, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    renew().catch((thrown: unknown) => report('unexpected-error', { where: 'lease', error: asCeralaccaError(thrown) }))
  }, RENEW_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
