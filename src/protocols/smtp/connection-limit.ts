/** How many connections one client may have open: one that hoards them does not keep the others out. */
import { networkOf } from '../../base/network.ts'

export interface ConnectionLimit {
  /** Counts a connection, known by its session; false if the client has too many. */
  enter(session: object, address: string): boolean
  /** Counts it no more, whether it was let in or not. */
  leave(session: object): void
}

/** An IPv6 client counts by its /64. */
export function createConnectionLimit(most: number): ConnectionLimit {
  const open = new Map<string, number>()
  const networks = new WeakMap<object, string>()
  return {
    enter(session, address) {
      const network = networkOf(address)
      const count = open.get(network) ?? 0
      if (count >= most) return false
      open.set(network, count + 1)
      networks.set(session, network)
      return true
    },

    leave(session) {
      const network = networks.get(session)
      if (network === undefined) return
      networks.delete(session)
      const left = (open.get(network) ?? 1) - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    },
  }
}
