/**
 * A brake on guessing passwords. After a few wrong ones, further attempts have to wait, each time twice as long. The pair of account and
 * address waits longest. The account alone waits only briefly, and not at all from an address where its holder has logged in lately: so
 * strangers, however many, cannot lock a holder out. An IPv6 address counts by its /64, which is what one customer has.
 */
import { networkOf } from '../base/network.ts'

interface Failures {
  count: number
  /** no attempt before this, milliseconds since 1970 */
  until: number
  last: number
}

interface Rule {
  /** failures that cost nothing */
  readonly free: number
  readonly longestWait: number
}

const RULES = {
  pair: { free: 3, longestWait: 15 * 60_000 },
  address: { free: 20, longestWait: 15 * 60_000 },
  account: { free: 30, longestWait: 20_000 },
} satisfies Record<string, Rule>

const FORGOTTEN_AFTER = 60 * 60_000
/** So long an address stays one of the holder's own after a login. */
const TRUSTED_FOR = 30 * 24 * 60 * 60_000
const MOST_KEYS = 100_000

export interface LoginBrake {
  /** Milliseconds to wait before the next attempt; 0: go on. */
  wait(account: string, address: string): number
  failed(account: string, address: string): void
  succeeded(account: string, address: string): void
}

export function createLoginBrake(now: () => number): LoginBrake {
  const known = new Map<string, Failures>()
  /** when a holder last logged in from an address, by pair */
  const trusted = new Map<string, number>()

  const pairOf = (account: string, address: string): string => `${account}|${networkOf(address)}`

  const keysOf = (account: string, address: string): [string, Rule][] => [
    [pairOf(account, address), RULES.pair],
    [`@${networkOf(address)}`, RULES.address],
    [`#${account}`, RULES.account],
  ]

  const isTrusted = (account: string, address: string): boolean =>
    (trusted.get(pairOf(account, address)) ?? Number.NEGATIVE_INFINITY) > now() - TRUSTED_FOR

  /** Oldest first: a map keeps the order of insertion, and every failure inserts anew. */
  function forgetOld(): void {
    for (const [key, { last }] of known) {
      if (known.size <= MOST_KEYS && last > now() - FORGOTTEN_AFTER) return
      known.delete(key)
    }
  }

  return {
    wait(account, address) {
      const rules: Rule[] = isTrusted(account, address) ? [RULES.pair, RULES.address] : Object.values(RULES)
      const keys = keysOf(account, address).filter(([, rule]) => rules.includes(rule))
      return Math.max(0, ...keys.map(([key]) => (known.get(key)?.until ?? 0) - now()))
    },

    failed(account, address) {
      forgetOld()
      for (const [key, { free, longestWait }] of keysOf(account, address)) {
        const count = (known.get(key)?.count ?? 0) + 1
        const wait = count <= free ? 0 : Math.min(1000 * 2 ** (count - free - 1), longestWait)
        known.delete(key)
        known.set(key, { count, until: now() + wait, last: now() })
      }
    },

    // What an address has guessed wrong elsewhere is not forgiven by one login that succeeded.
    succeeded(account, address) {
      const pair = pairOf(account, address)
      known.delete(pair)
      trusted.delete(pair)
      trusted.set(pair, now())
      const [oldest] = trusted.keys()
      if (trusted.size > MOST_KEYS && oldest !== undefined) trusted.delete(oldest)
    },
  }
}
