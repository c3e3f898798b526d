/**
 * Takes receipts that have arrived out of the outbox, a little later and many together: the sender has his receipt, nobody waits for this.
 * What a crash leaves in the outbox is sent again, and changes nothing (I4).
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { TransportQueries } from './queries.ts'
import type { OutgoingReceipt } from './types.ts'

const DELAY_MS = 200

export interface OutboxSweeper {
  arrived(receipt: OutgoingReceipt): void
  /** Takes out at once what is waiting. */
  flush(): Promise<void>
}

export function createOutboxSweeper(queries: Pick<TransportQueries, 'receiptsArrived'>, report: EventSink): OutboxSweeper {
  let waiting = new Map<number, OutgoingReceipt[]>()
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const bySlot = waiting
    waiting = new Map()
    for (const [slot, receipts] of bySlot) {
      await queries
        .receiptsArrived(slot, receipts)
        .catch((thrown: unknown) => report('unexpected-error', { where: 'outbox', error: asCeralaccaError(thrown) }))
    }
  }

  return {
    arrived(receipt) {
      const known = waiting.get(receipt.slot)
      if (known) known.push(receipt)
      else waiting.set(receipt.slot, [receipt])
      timer ??= setTimeout(() => void flush(), DELAY_MS)
    },
    flush,
  }
}
