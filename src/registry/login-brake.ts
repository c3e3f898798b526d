/**
 * A brake on guessing passwords. After a few wrong ones, further attempts have to wait, each time twice as long. The pair of account and
 * address waits longest; the account alone waits only briefly, so that a stranger cannot lock a holder out.
 */
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
const MOST_KEYS = 100_000

export interface LoginBrake {
  /** Milliseconds to wait before the next attempt; 0: go on. */
  wait(account: string, address: string): number
  failed(account: string, address: string): void
  succeeded(account: string, address: string): void
}

export function createLoginBrake(now: () => number): LoginBrake {
  const known = new Map<string, Failures>()

  const keysOf = (account: string, address: string): [string, Rule][] => [
    [`${account}|${address}`, RULES.pair],
    [`@${address}`, RULES.address],
    [`#${account}`, RULES.account],
  ]

  /** Oldest first: a map keeps the order of insertion, and every failure inserts anew. */
  function forgetOld(): void {
    for (const [key, { last }] of known) {
      if (known.size <= MOST_KEYS && last > now() - FORGOTTEN_AFTER) return
      known.delete(key)
    }
  }

  return {
    wait(account, address) {
      return Math.max(0, ...keysOf(account, address).map(([key]) => (known.get(key)?.until ?? 0) - now()))
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
      known.delete(`${account}|${address}`)
    },
  }
}
