/**
 * Natural batching: while the work of a key is under way, what arrives for the same key waits and goes together next. A lone item
 * waits for nothing; under load one transaction carries many (a bulk sender gets two receipts per message).
 */
import { CeralaccaError } from './errors.ts'

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param run does the items of one key in one go, and answers one result per item, in order
 * @param most at most so many items at a time
 * @returns a function that adds an item under a key and resolves with its result
 */
export function createBatcher<Item, Result>(
  run: (key: string, items: Item[]) => Promise<Result[]>,
  most = 64,
): (key: string, item: Item) => Promise<Result> {
  const queues = new Map<string, Waiting<Item, Result>[]>()

  /** Runs a batch. What is wrong with one item is no reason to fail the others: after an error that time will not heal, each goes alone. */
  async function settle(key: string, batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const items = batch.map((waiting) => waiting.item)
      const results = await run(key, items)
      // Nobody may take a missing answer for a good one.
      if (results.length !== batch.length) throw new CeralaccaError('batch-results', 'bug', 'not one result per item of a batch')
      batch.forEach((waiting, index) => waiting.resolve(results[index] as Result))
    } catch (error) {
      const temporary = error instanceof CeralaccaError && error.fault === 'temporary'
      if (batch.length > 1 && !temporary) for (const waiting of batch) await settle(key, [waiting])
      else for (const waiting of batch) waiting.reject(error)
    }
  }

  async function drain(key: string, queue: Waiting<Item, Result>[]): Promise<void> {
    while (queue.length > 0) await settle(key, queue.splice(0, most))
    queues.delete(key)
  }

  return (key, item) =>
    new Promise((resolve, reject) => {
      const waiting = { item, resolve, reject }
      const queue = queues.get(key)
      if (queue) {
        queue.push(waiting)
        return
      }
      const fresh = [waiting]
      queues.set(key, fresh)
      void drain(key, fresh)
    })
}
