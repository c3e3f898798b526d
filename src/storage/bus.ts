/**
 * Change hints: "something changed under this key, read again". The bus may lose, may repeat, and carries no state, so everything
 * must also work with the bus switched off.
 *
 * Within the process a hint arrives at the next turn of the event loop. To other processes it goes by a batched NOTIFY on a
 * connection of its own: inside the writing transaction NOTIFY would queue all commits behind one lock. Publish after commit.
 */
import { createBusLink } from './bus-link.ts'
import type { DatabaseAddress } from './connection.ts'

export type HintListener = (hints: number) => void

export interface Bus {
  /** Tells the listeners of `key`, here and in the other processes. Never fails. A key is short (an id), without line breaks. */
  publish(key: string): void
  /** Calls `listener` after hints for `key`, at most once per turn, with how many there were. Answers the function that ends it. */
  subscribe(key: string, listener: HintListener): () => void
  /** Calls `listener` with the key of every hint, within the call that gives it, so it may only note it; until the bus is closed. */
  subscribeAll(listener: (key: string) => void): void
  close(): Promise<void>
}

export interface BusOptions {
  /** the database that carries hints between processes; without it they stay in this process */
  readonly address?: DatabaseAddress
  /** told of lost connections, and of listeners that throw */
  readonly warn: (message: string) => void
}

export function createBus({ address, warn }: BusOptions): Bus {
  const listeners = new Map<string, Set<HintListener>>()
  const followers: ((key: string) => void)[] = []
  const pending = new Map<string, number>()
  let scheduled: NodeJS.Immediate | undefined

  /** Delivers to our own listeners, all hints of one turn together. */
  function hint(key: string): void {
    for (const listener of followers) callListener(() => listener(key), 1, warn)
    if (!listeners.has(key)) return
    pending.set(key, (pending.get(key) ?? 0) + 1)
    scheduled ??= setImmediate(deliver)
  }

  function deliver(): void {
    scheduled = undefined
    const hints = [...pending]
    pending.clear()
    for (const [key, count] of hints) for (const listener of listeners.get(key) ?? []) callListener(listener, count, warn)
  }

  const link = address === undefined ? undefined : createBusLink(address, { hint, warn })

  return {
    publish(key) {
      hint(key)
      link?.send(key)
    },
    subscribe(key, listener) {
      // One listener may be given twice: each subscription is its own.
      const own: HintListener = (hints) => listener(hints)
      const set = listeners.get(key) ?? new Set()
      listeners.set(key, set.add(own))
      return () => {
        set.delete(own)
        if (set.size === 0 && listeners.get(key) === set) listeners.delete(key)
      }
    },
    subscribeAll: (listener) => void followers.push(listener),
    async close() {
      clearImmediate(scheduled)
      listeners.clear()
      followers.length = 0
      await link?.close()
    },
  }
}

/** A listener that throws must not keep the others from their hints. */
function callListener(listener: HintListener, hints: number, warn: (message: string) => void): void {
  try {
    listener(hints)
  } catch (error) {
    warn(`a listener of the bus failed: ${error instanceof Error ? error.message : String(error)}`)
  }
}
