/**
 * Puts the heads of all chains under a time stamp (RFC 3161): each day once it is over, and on demand.
 *
 * Invariants: a day is closed in every chain before its heads are read, so its segments are final; a stamp names the one before it; a stamp
 * without its token is asked for until there is one, and nothing else waits for it.
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { TimeStampClient } from '../seal/time-stamp-client.ts'
import { CHAINS, DAY_MS, dayOf, NO_HASH, stampLines, stampRoot, startOf, type Head, type Stamped } from './sealed-lines.ts'
import type { SealingQueries } from './sealing-queries.ts'

export interface StampingDeps {
  readonly queries: Pick<
    SealingQueries,
    'close' | 'headBefore' | 'chain' | 'lastStamp' | 'lastDay' | 'addStamp' | 'withoutToken' | 'keepToken' | 'nextSealed'
  >
  readonly client: TimeStampClient
  readonly report: EventSink
  readonly now: () => number
}

export interface Stamping {
  /** Closes the days that are over, but for those on which nothing was sealed and nobody was there; answers them. */
  closeDays(): Promise<string[]>
  /** A stamp over the heads as they are now. Answers its number. */
  stampNow(): Promise<number>
  /** Asks for the tokens that are missing. Answers how many are missing still: each is reported once its day has gone by. */
  fetchTokens(): Promise<number>
}

const CONFLICTS = 10
const chains = Array.from({ length: CHAINS }, (_, chain) => chain)

export function createStamping({ queries, client, report, now }: StampingDeps): Stamping {
  /** Adds the next stamp. Answers null where the day has one already. */
  async function add(day: string | null, readHeads: () => Promise<Head[]>): Promise<number | null> {
    for (let attempt = 0; attempt < CONFLICTS; attempt++) {
      const last = await queries.lastStamp()
      const lastDay = await queries.lastDay()
      if (day !== null && lastDay !== null && lastDay >= day) return null
      const stamp: Stamped = {
        number: (last?.number ?? 0) + 1,
        day,
        at: now(),
        heads: await readHeads(),
        previous: last?.root ?? NO_HASH,
      }
      if (await queries.addStamp({ ...stamp, root: stampRoot(stampLines(stamp)) })) return stamp.number
    }
    return null
  }

  async function closeDay(day: string): Promise<boolean> {
    const end = new Date(startOf(day) + DAY_MS)
    for (const chain of chains) await queries.close(chain, end)
    const heads = () =>
      Promise.all(chains.map(async (chain) => (await queries.headBefore(chain, end)) ?? { chain, number: 0, hash: NO_HASH }))
    return (await add(day, heads)) !== null
  }

  /** The first day from that one on with a segment, in any chain. */
  async function nextDay(from: string): Promise<string | null> {
    const times = await Promise.all(chains.map((chain) => queries.nextSealed(chain, new Date(startOf(from)))))
    const first = times.filter((at) => at !== null).toSorted((a, b) => a - b)[0]
    return first === undefined ? null : dayOf(first)
  }

  return {
    async closeDays() {
      const yesterday = dayOf(now() - DAY_MS)
      const closed: string[] = []
      const last = await queries.lastDay()
      // A first start has no yesterday; later every day has its stamp, also one without mail.
      if (last !== null && last >= yesterday) return closed
      let day = await nextDay(last === null ? '1970-01-01' : dayOf(startOf(last) + DAY_MS))
      if (last === null && (day === null || day > yesterday)) return closed
      for (; day !== null && day < yesterday; day = await nextDay(dayOf(startOf(day) + DAY_MS))) {
        if (await closeDay(day)) closed.push(day)
      }
      if (await closeDay(yesterday)) closed.push(yesterday)
      return closed
    },

    async stampNow() {
      const number = await add(null, () =>
        Promise.all(
          chains.map(async (chain) => {
            const { number, hash } = await queries.chain(chain)
            return { chain, number, hash }
          }),
        ),
      )
      return number ?? 0
    },

    async fetchTokens() {
      let missing = 0
      for (const { number, day, at, root } of await queries.withoutToken()) {
        try {
          const stamp = await client.stamp(root)
          await queries.keepToken(number, stamp.token, stamp.authority)
          report('ledger-stamped', { number, day, authority: stamp.authority })
        } catch (thrown) {
          missing++
          const error = asCeralaccaError(thrown)
          if (now() - at > DAY_MS) report('ledger-stamp-late', { number, since: new Date(at).toISOString(), error })
          else report('ledger-stamp-failed', { number, error })
        }
      }
      return missing
    },
  }
}
