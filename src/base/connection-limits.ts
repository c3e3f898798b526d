/**
 * How many connections one client address, and one account, may have open, counted in this process over all services that share the limits:
 * one that hoards them does not keep the others out.
 */
import { temporaryError, type CeralaccaError } from './errors.ts'
import { networkOf } from './network.ts'

export interface ConnectionLimits {
  /** Counts a connection by its client address, an IPv6 one by its /64; false, and not counted, if that has too many. */
  connected(connection: object, clientAddress: string): boolean
  /** Counts a connection by its account too; false if that has too many: it stays open, and may not log in. */
  loggedIn(connection: object, account: string): boolean
  /** Counts it no more, whether it was let in or not. */
  closed(connection: object): void
}

/** The answer to a login for which `loggedIn` said no. */
export const tooManyConnections = (): CeralaccaError =>
  temporaryError('too-many-connections', 'This mailbox has too many connections open: close some, or try again later')

/** Mail programs open a handful for each device; an office may sit behind one address. */
export const DEFAULT_CONNECTION_LIMITS = { perAddress: 100, perAccount: 50 }

export interface ConnectionLimitsOptions {
  readonly perAddress: number
  readonly perAccount: number
}

export function createConnectionLimits({
  perAddress,
  perAccount,
}: ConnectionLimitsOptions = DEFAULT_CONNECTION_LIMITS): ConnectionLimits {
  const [networks, accounts] = [createCount(perAddress), createCount(perAccount)]
  return {
    connected: (connection, clientAddress) => networks.enter(connection, networkOf(clientAddress)),
    loggedIn: (connection, account) => accounts.enter(connection, account),
    closed(connection) {
      networks.leave(connection)
      accounts.leave(connection)
    },
  }
}

/** What each key has open, at most so much. Who has entered leaves once. */
function createCount(most: number) {
  const open = new Map<string, number>()
  const keys = new WeakMap<object, string>()
  return {
    enter(one: object, key: string): boolean {
      const count = open.get(key) ?? 0
      if (count >= most) return false
      open.set(key, count + 1)
      keys.set(one, key)
      return true
    },

    leave(one: object): void {
      const key = keys.get(one)
      if (key === undefined) return
      keys.delete(one)
      const left = (open.get(key) ?? 1) - 1
      if (left > 0) open.set(key, left)
      else open.delete(key)
    },
  }
}
