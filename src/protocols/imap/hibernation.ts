/** Sessions that rest give back what can be had again: the list of their folder, and what their connection keeps to be fast. */
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Hibernator {
  /** Gives back memory if nothing has been done since that moment (`performance.now()`); answers whether there was any to give. */
  hibernate(since: number): boolean
}

/** Looks after them from time to time, one at a turn, so that others need not wait for many. Answers what ends it. */
export function watchRest(sessions: Iterable<Hibernator>, afterMs: number): () => void {
  let looking = false
  let ended = false
  async function look(): Promise<void> {
    if (looking) return
    looking = true
    const since = performance.now() - afterMs
    for (const session of sessions) {
      if (ended) return
      if (session.hibernate(since)) await nextTurn()
    }
    looking = false
  }
  const timer = setInterval(() => void look(), afterMs / 2).unref()
  return () => {
    ended = true
    clearInterval(timer)
  }
}
