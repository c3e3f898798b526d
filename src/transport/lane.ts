/**
 * The lane to one destination: a few sessions, kept while they are of use, and a line of those who wait for one, first come, first served.
 * Whether one more connection may be opened is asked of the lanes together (lanes.ts).
 */
import type { Session } from './smtp-session.ts'
import { deferred } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface LaneLimits {
  /** connections of a lane */
  readonly connections: number
  /** messages of a session, then it makes room for a new one */
  readonly messages: number
  /** milliseconds that a session without work is kept */
  readonly idle: number
  /** milliseconds in the line */
  readonly wait: number
  /** messages in the line */
  readonly line: number
}

export interface LaneDeps {
  readonly host: string
  readonly limits: LaneLimits
  /** `onEnd` is called when a session is no more; an abort ends the opening. Never rejects. */
  readonly open: (onEnd: () => void, signal: AbortSignal) => Promise<Session | Verdict>
  /** Takes a place for one connection; false where none is left, then `pump` is called when one is. */
  readonly takePlace: (lane: Lane) => boolean
  readonly givePlace: () => void
  /** whether other lanes wait for a place */
  readonly isPlaceWanted: () => boolean
  /** nobody waits, nothing is open */
  readonly onEmpty: () => void
}

export interface Lane {
  /** A session to work with, or why there is none. */
  acquire(): Promise<Session | Verdict>
  release(session: Session): void
  /** Opens what those who wait need. */
  pump(): void
  /** Gives up a session without work; false where there is none. */
  yieldIdle(): boolean
  /** Those who wait are sent away, sessions without work end, no new ones begin. Resolves when all have ended. */
  close(reason: Verdict): Promise<void>
  /** Ends also sessions at work. */
  abort(reason: Verdict): void
}

interface Waiter {
  readonly answer: (session: Session | Verdict) => void
  readonly timer: NodeJS.Timeout
}

export function createLane({ host, limits, open, takePlace, givePlace, isPlaceWanted, onEmpty }: LaneDeps): Lane {
  const sessions = new Set<Session>()
  /** the last one in is the first to work again, so that what is too many grows old */
  const idle = new Map<Session, NodeJS.Timeout>()
  const line = new Set<Waiter>()
  const openings = new Set<AbortController>()
  /** lower once the other side has refused one more */
  let most = limits.connections
  let closing: { readonly reason: Verdict; readonly done: () => void } | undefined

  function answerNext(session: Session | Verdict): boolean {
    const [next] = line
    if (!next) return false
    line.delete(next)
    clearTimeout(next.timer)
    next.answer(session)
    return true
  }

  function takeIdle(): Session | undefined {
    const session = [...idle.keys()].at(-1)
    if (session) {
      clearTimeout(idle.get(session))
      idle.delete(session)
    }
    return session
  }

  function settleIfEmpty(): void {
    if (sessions.size > 0 || openings.size > 0) return
    most = limits.connections
    if (line.size > 0) return
    onEmpty()
    closing?.done()
  }

  async function openOne(): Promise<void> {
    const opening = new AbortController()
    openings.add(opening)
    let session: Session | Verdict | undefined
    const opened = await open(() => {
      if (session && 'send' in session) forget(session)
    }, opening.signal)
    openings.delete(opening)
    session = 'send' in opened && !opened.alive ? deferred('4.4.2', `${host}: connection closed`) : opened
    if ('send' in session) {
      sessions.add(session)
      if (closing) session.quit()
      else offer(session)
    } else {
      most = Math.max(1, sessions.size + openings.size)
      // As long as others are there or on their way, those who wait may still be served.
      if (sessions.size + openings.size === 0) while (answerNext(session));
      givePlace()
    }
    settleIfEmpty()
  }

  function forget(session: Session): void {
    if (!sessions.delete(session)) return
    clearTimeout(idle.get(session))
    idle.delete(session)
    // The other side may have room again.
    most = Math.min(limits.connections, most + 1)
    givePlace()
    pump()
    settleIfEmpty()
  }

  function offer(session: Session): void {
    if (answerNext(session)) return
    if (isPlaceWanted()) return session.quit()
    idle.set(
      session,
      setTimeout(() => session.quit(), limits.idle),
    )
  }

  function pump(): void {
    if (closing) return
    while (line.size > openings.size && sessions.size + openings.size < most && takePlace(lane)) void openOne()
  }

  const lane: Lane = {
    acquire() {
      if (closing) return Promise.resolve(closing.reason)
      const session = takeIdle()
      if (session) return Promise.resolve(session)
      const congested = deferred('4.4.5', `${host}: too much mail waits for it`)
      if (line.size >= limits.line) return Promise.resolve(congested)
      return new Promise((answer) => {
        const timer = setTimeout(() => {
          line.delete(waiter)
          answer(congested)
          settleIfEmpty()
        }, limits.wait)
        const waiter: Waiter = { answer, timer }
        line.add(waiter)
        pump()
      })
    },
    release(session) {
      if (!session.alive) return
      // Where places are short a busy lane comes down to one connection, so that all get on.
      const spare = sessions.size > 1 && isPlaceWanted()
      if (closing || spare || session.served >= limits.messages) session.quit()
      else offer(session)
    },
    pump,
    yieldIdle() {
      const [session] = idle.keys()
      session?.quit()
      return session !== undefined
    },
    close(reason) {
      return new Promise((done) => {
        closing = { reason, done }
        while (answerNext(reason));
        for (const session of idle.keys()) session.quit()
        for (const opening of openings) opening.abort()
        settleIfEmpty()
      })
    },
    abort(reason) {
      for (const session of sessions) session.abort(reason)
    },
  }
  return lane
}
