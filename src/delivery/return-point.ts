/**
 * Receipts that come to a sender: put into his mailbox, with their dispatch closed, in one transaction of his slot. Those of local verdicts,
 * those of other providers, and the notices that his own side issues about a message that went nowhere. What comes for the same mailbox
 * travels together; what is there already changes nothing (I4).
 */
import { createBatcher } from '../base/batcher.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import { uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import { BytesPack, arrivalItem, blobItem, type NewBlob } from '../mailbox/content.ts'
import { ledgerEntry, type LedgerEvent } from '../ledger/entry.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import type { ReceiptKind, ReturnedReceipt, ReturnStatus } from '../transport/types.ts'
import { deliveryQueries } from './queries.ts'

export interface Returned {
  readonly receipt: ReturnedReceipt
  readonly at: Instant
  /** who issued it: a verdict of this installation, another provider, or the sender's own side */
  readonly origin: 'local' | 'remote' | 'own'
  /** bytes that the receipt's content points at and that are not stored yet */
  readonly blob: NewBlob | null
  /** when the next notice of delay is due; as it was if null */
  readonly watchAt: number | null
  /** why, for the ledger */
  readonly detail: string | null
}

export interface ReturnPoint {
  receive(returned: Returned): Promise<ReturnStatus>
}

export interface ReturnPointDeps {
  readonly database: Database
  readonly provider: string
  readonly bus: Pick<Bus, 'publish'>
  readonly checkpoint: Checkpoint
}

/** What a receipt makes of its dispatch. */
const OUTCOME: Record<ReceiptKind, string | null> = {
  delivery: 'delivered',
  'non-delivery': 'failed',
  'timeout-12': null,
  'timeout-24': 'expired',
}

function eventOf({ origin, receipt: { kind } }: Returned): LedgerEvent {
  if (origin !== 'own') return 'receipt-received'
  return kind === 'non-delivery' ? 'delivery-failed' : 'timeout-notice'
}

export function createReturnPoint({ database, provider, bus, checkpoint }: ReturnPointDeps): ReturnPoint {
  const queries = deliveryQueries(database)

  function itemOf(pack: BytesPack, returned: Returned): object {
    const { receipt, at, origin, blob, watchAt, detail } = returned
    const { pecMsgid, recipient, kind, messageId, content } = receipt
    const keys = { pecMsgid, recipient, kind, messageId, outcome: OUTCOME[kind], origin, watchAt }
    return {
      receipt: { ...arrivalItem(pack, uuidv7(at.ms), content, at, true), ...keys },
      ...(blob && { blob: blobItem(pack, blob) }),
      ledger: ledgerEntry(
        eventOf(returned),
        at,
        { ...receipt, recipients: [recipient] },
        { related: [messageId], provider, detail },
      ),
    }
  }

  const receiveTogether = createBatcher<Returned, ReturnStatus>(async (_, returned) => {
    const [{ receipt: first }] = returned as [Returned, ...Returned[]]
    const pack = new BytesPack()
    const items = returned.map((one) => itemOf(pack, one))
    checkpoint('receive-before-commit')
    const statuses = await queries.receive(first.target, items, pack.bytes())
    checkpoint('receive-after-commit')
    bus.publish(first.target.id)
    return statuses
  })

  return { receive: (returned) => receiveTogether(returned.receipt.target.id, returned) }
}
