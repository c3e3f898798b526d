/**
 * Small writes that nobody waits for, gathered by slot and done a little later, many together. A crash loses what is gathered: it is only for
 * marks whose lack makes a step be repeated, which changes nothing (I4).
 */
import { asCeralaccaError } from './errors.ts'
import type { EventSink } from './events.ts'

const DELAY_MS = 200

export interface Gather<Item> {
  add(slot: number, item: Item): void
  /** Does at once what is waiting. */
  flush(): Promise<void>
}

/** @param run does the items of one slot; when it fails they are not tried again, and `where` names it in the report */
export function createGather<Item>(
  run: (slot: number, items: Item[]) => Promise<void>,
  report: EventSink,
  where: string,
): Gather<Item> {
  let waiting = new Map<number, Item[]>()
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const bySlot = waiting
    waiting = new Map()
    for (const [slot, items] of bySlot) {
      await run(slot, items).catch((thrown: unknown) => report('unexpected-error', { where, error: asCeralaccaError(thrown) }))
    }
  }

  return {
    add(slot, item) {
      const known = waiting.get(slot)
      if (known) known.push(item)
      else waiting.set(slot, [item])
      timer ??= setTimeout(() => void flush(), DELAY_MS)
    },
    flush,
  }
}
