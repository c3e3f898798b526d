/** The lanes to all destinations: few connections to each, and a bound on all together. */
import { createLane } from './lane.ts'
import type { Lane, LaneLimits } from './lane.ts'
import type { Destination } from './routes.ts'
import type { Security } from './smtp-open.ts'
import type { Sent, Session, Transfer } from './smtp-session.ts'
import { deferred } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface LanesLimits extends LaneLimits {
  /** connections of all lanes */
  readonly total: number
  /** milliseconds that work may go on after `close` */
  readonly close: number
}

export interface LanesDeps {
  readonly limits: LanesLimits
  readonly open: (to: Destination, security: Security, onEnd: () => void, signal: AbortSignal) => Promise<Session | Verdict>
}

export interface Lanes {
  send(to: Destination, security: Security, transfer: Transfer): Promise<Sent>
  /** Sends those away who wait, lets work end for a while, then ends it. */
  close(): Promise<void>
}

const CLOSING = deferred('4.3.2', 'The service is stopping')

export function createLanes({ limits, open }: LanesDeps): Lanes {
  const lanes = new Map<string, Lane>()
  /** lanes that found no place, in their order */
  const starved = new Set<Lane>()
  let places = limits.total
  let feeding = false
  let closing = false

  function takePlace(lane: Lane): boolean {
    // An idle session that quits gives its place back at once.
    if (places === 0) for (const other of lanes.values()) if (other.yieldIdle()) break
    if (places === 0 || (starved.size > 0 && !feeding)) {
      starved.add(lane)
      return false
    }
    places--
    return true
  }

  function givePlace(): void {
    places++
    if (starved.size > 0) queueMicrotask(feed)
  }

  /** Places go to the lanes that wait for one, in their order. */
  function feed(): void {
    feeding = true
    // As they stand now: who gets too little lines up again.
    const waiting = [...starved]
    for (const lane of waiting) {
      if (places === 0) break
      starved.delete(lane)
      lane.pump()
    }
    feeding = false
  }

  function laneTo(to: Destination, security: Security): Lane {
    const key = `${security} ${to.host.toLowerCase()} ${to.port}`
    const known = lanes.get(key)
    if (known) return known
    const lane = createLane({
      host: to.host,
      limits,
      open: (onEnd, signal) => open(to, security, onEnd, signal),
      takePlace,
      givePlace,
      isPlaceWanted: () => starved.size > 0,
      onEmpty: () => {
        if (lanes.get(key) === lane) lanes.delete(key)
        starved.delete(lane)
      },
    })
    lanes.set(key, lane)
    return lane
  }

  return {
    async send(to, security, transfer) {
      for (let tries = 0; ; tries++) {
        if (closing) return { lost: CLOSING }
        const lane = laneTo(to, security)
        const session = await lane.acquire()
        if ('outcome' in session) return { lost: session }
        const used = session.served > 0
        const sent = await session.send(transfer).catch((error: unknown) => {
          // A fault of ours must not keep a place for ever.
          session.abort(deferred('4.3.0', 'Internal error'))
          throw error
        })
        lane.release(session)
        // A session kept from before may have been closed meanwhile: that says nothing of the host.
        if (!('lost' in sent) || !used || tries > limits.connections) return sent
      }
    },
    async close() {
      closing = true
      const timer = setTimeout(() => {
        for (const lane of lanes.values()) lane.abort(CLOSING)
      }, limits.close)
      await Promise.all([...lanes.values()].map((lane) => lane.close(CLOSING)))
      clearTimeout(timer)
    },
  }
}
