/**
 * A brake on guessing passwords. After a few wrong ones, further attempts have to wait, each time twice as long. Failures are counted for the
 * pair of account and network, which waits longest; for the network, whatever the account; and for the account, whatever the network.
 *
 * Nobody can use it to lock a holder out:
 * - From a network where he has logged in lately he does not wait for what others did, be it from a thousand networks, or from his own at other
 *   accounts. Guesses at his account from his own network, which are his or his neighbour's, make him wait a minute at most.
 * - From a network that does not know him he waits 20 seconds at most for what others did elsewhere.
 * - An app password is never held up (see authenticator.ts): nobody guesses one.
 *
 * A network is an IPv4 address, or the /64 of an IPv6 address, which is what one customer has. Counts live in the process; in which networks a
 * holder has logged in is kept (trusted-networks.ts).
 */
import { networkOf } from '../base/network.ts'

interface Failures {
  count: number
  /** milliseconds since 1970 */
  last: number
}

interface Rule {
  /** failures that cost nothing */
  readonly free: number
  readonly longestWait: number
}

const MINUTE = 60_000
const PAIR: Rule = { free: 3, longestWait: 15 * MINUTE }
/** the pair, where the holder has logged in lately */
const TRUSTED_PAIR: Rule = { free: 3, longestWait: MINUTE }
const NETWORK: Rule = { free: 20, longestWait: 15 * MINUTE }
const ACCOUNT: Rule = { free: 30, longestWait: 20_000 }

const FORGOTTEN_AFTER = 60 * MINUTE
/** So long a network stays one of the holder's own after a login. */
export const TRUSTED_FOR = 30 * 24 * 60 * MINUTE
const MOST_KEYS = 100_000
/** No address is longer: what is longer is one account, so that names cost no memory. */
const LONGEST_ACCOUNT = 320

export interface LoginBrake {
  /** Milliseconds to wait before the next attempt; 0: go on. */
  wait(account: string, address: string): number
  failed(account: string, address: string): void
  succeeded(account: string, address: string): void
  /** Has the account logged in from there lately, as far as this process knows? */
  trusts(account: string, address: string): boolean
  /** It is known from elsewhere that it has. */
  trust(account: string, address: string): void
}

export function createLoginBrake(now: () => number): LoginBrake {
  const known = new Map<string, Failures>()
  /** when a holder last logged in from a network, by pair */
  const trusted = new Map<string, number>()

  const accountOf = (account: string): string => (account.length > LONGEST_ACCOUNT ? '' : account)
  const pairOf = (account: string, address: string): string => `${accountOf(account)}|${networkOf(address)}`
  const networkKey = (address: string): string => `@${networkOf(address)}`
  const accountKey = (account: string): string => `#${accountOf(account)}`

  const trusts = (account: string, address: string): boolean =>
    (trusted.get(pairOf(account, address)) ?? Number.NEGATIVE_INFINITY) > now() - TRUSTED_FOR

  function trust(account: string, address: string): void {
    const pair = pairOf(account, address)
    trusted.delete(pair)
    trusted.set(pair, now())
    const [oldest] = trusted.keys()
    if (trusted.size > MOST_KEYS && oldest !== undefined) trusted.delete(oldest)
  }

  /** Oldest first: a map keeps the order of insertion, and every failure inserts anew. */
  function forgetOld(): void {
    for (const [key, { last }] of known) {
      if (known.size <= MOST_KEYS && last > now() - FORGOTTEN_AFTER) return
      known.delete(key)
    }
  }

  function waitOf(key: string, { free, longestWait }: Rule): number {
    const failures = known.get(key)
    if (!failures || failures.count <= free) return 0
    return failures.last + Math.min(1000 * 2 ** (failures.count - free - 1), longestWait) - now()
  }

  return {
    wait(account, address) {
      const pair = pairOf(account, address)
      if (trusts(account, address)) return Math.max(0, waitOf(pair, TRUSTED_PAIR))
      return Math.max(0, waitOf(pair, PAIR), waitOf(networkKey(address), NETWORK), waitOf(accountKey(account), ACCOUNT))
    },

    failed(account, address) {
      forgetOld()
      for (const key of [pairOf(account, address), networkKey(address), accountKey(account)]) {
        const count = (known.get(key)?.count ?? 0) + 1
        known.delete(key)
        known.set(key, { count, last: now() })
      }
    },

    // What a network has guessed wrong elsewhere is not forgiven by one login that succeeded.
    succeeded(account, address) {
      known.delete(pairOf(account, address))
      trust(account, address)
    },

    trusts,
    trust,
  }
}
