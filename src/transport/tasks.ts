/**
 * Work under way, and how much of it there may be. What is begun for a destination that does not answer holds its memory for minutes, so each
 * destination has a share: one of them, or all domains of one provider, never hold up the others. What finds no room waits as a row.
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'

/** The destination of what goes to no other server. It comes to an end whatever the others do, so what they hold takes nothing from it. */
export const HERE = ''

export interface Tasks {
  /**
   * Begins a piece of work that goes on beside others. Answers its end, which never rejects (what the work throws is reported), or undefined
   * where there is no room for it now.
   */
  begin(destination: string, load: Load, work: () => Promise<void>): Promise<void> | undefined
  /**
   * As begin, but waits in line for room, for some seconds at most: what is fresh comes in bursts, and to read it back later costs more than to
   * hold it. Answers whether it was begun.
   */
  beginInLine(destination: string, load: Load, work: () => Promise<void>): Promise<boolean>
  /** Keeps account of what is under way already, and counts for nothing. */
  track(work: Promise<void>): void
  /** whether another destination would find room */
  hasRoom(): boolean
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}

export interface Load {
  /** how much goes on at the same time in it */
  readonly pieces: number
  /** what it holds in memory */
  readonly bytes: number
}

export interface Share extends Load {
  /** messages beyond LARGE, which count by themselves: small ones go past them */
  readonly large: number
}

const MEGABYTE = 1024 * 1024
const LARGE = 16 * MEGABYTE
export const EACH: Share = { pieces: 200, bytes: 16 * MEGABYTE, large: 1 }
export const ALL: Share = { pieces: 2000, bytes: 64 * MEGABYTE, large: 2 }

const NOTHING: Share = { pieces: 0, bytes: 0, large: 0 }

const sum = (a: Share, b: Share, sign: 1 | -1): Share => ({
  pieces: a.pieces + sign * b.pieces,
  bytes: a.bytes + sign * b.bytes,
  large: a.large + sign * b.large,
})

const fits = (share: Share, most: Share): boolean =>
  share.pieces <= most.pieces && share.bytes <= most.bytes && share.large <= most.large

/** Shorter than a lease: who waits in line renews none. */
const LONGEST_WAIT_MS = 10_000

/** @param where names the work in reports */
export function createTasks(report: EventSink, where: string, { each = EACH, all = ALL, waitMs = LONGEST_WAIT_MS } = {}): Tasks {
  /** who waits for room, by destination; each tries to begin and answers whether it did */
  const lines = new Map<string, (() => boolean)[]>()
  const underWay = new Set<Promise<void>>()
  const shares = new Map<string, Share>()
  let total = NOTHING

  function track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((thrown: unknown) => report('unexpected-error', { where, error: asCeralaccaError(thrown) }))
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
  }

  function change(destination: string, load: Share, sign: 1 | -1): void {
    if (destination !== HERE) total = sum(total, load, sign)
    const own = sum(shares.get(destination) ?? NOTHING, load, sign)
    if (own.pieces > 0) shares.set(destination, own)
    else shares.delete(destination)
  }

  /** Those who come first begin first, of each destination. */
  function advance(): void {
    for (const [destination, line] of lines) {
      while (line[0]?.() === true) line.shift()
      if (line.length === 0) lines.delete(destination)
    }
  }

  function begin(destination: string, { pieces, bytes }: Load, work: () => Promise<void>): Promise<void> | undefined {
    const load = bytes > LARGE ? { pieces, bytes: 0, large: 1 } : { pieces, bytes, large: 0 }
    if (!fits(sum(shares.get(destination) ?? NOTHING, load, 1), each)) return undefined
    if (destination !== HERE && !fits(sum(total, load, 1), all)) return undefined
    change(destination, load, 1)
    return track(
      work().finally(() => {
        change(destination, load, -1)
        advance()
      }),
    )
  }

  function waitInLine(destination: string, load: Load, work: () => Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const line = lines.get(destination) ?? []
      lines.set(destination, line)
      const timer = setTimeout(() => {
        line.splice(line.indexOf(tryToBegin), 1)
        resolve(false)
      }, waitMs)
      const tryToBegin = (): boolean => {
        if (!begin(destination, load, work)) return false
        clearTimeout(timer)
        resolve(true)
        return true
      }
      line.push(tryToBegin)
    })
  }

  return {
    begin,
    beginInLine: (destination, load, work) =>
      !lines.has(destination) && begin(destination, load, work) ? Promise.resolve(true) : waitInLine(destination, load, work),
    track: (work) => void track(work),
    hasRoom: () => total.pieces < all.pieces && total.bytes < all.bytes,
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
