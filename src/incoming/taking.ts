/** Takes a message in: durable, with what is to be answered and its ledger entry, in one transaction; then it is started on its way. Only then is `250` said. */
import { hash } from 'node:crypto'
import type { Checkpoint } from '../base/checkpoint.ts'
import { uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import { outboxTarget } from '../delivery/delivery-receipt.ts'
import { ledgerEntry, storable, type LedgerEvent, type LedgerFacts } from '../ledger/entry.ts'
import { blobItem, BytesPack, contentItem, type MessageContent, type NewBlob } from '../mailbox/content.ts'
import type { Blobs } from '../storage/blobs.ts'
import { LEASE_MS } from '../transport/lease.ts'
import type { OutgoingReceipt } from '../transport/types.ts'
import type { ArrivalKind, ArrivalQueries } from './arrival-queries.ts'

export interface Taking {
  readonly slot: number
  readonly id: string
  readonly kind: ArrivalKind
  readonly reversePath: string
  /** the provider that sealed it; empty if none */
  readonly provider: string
  /** digest of what was sealed; of all of it, where nothing was */
  readonly digest: Buffer
  readonly blob: NewBlob
  readonly content: MessageContent
  readonly facts: Omit<LedgerFacts, 'recipients'>
  readonly recipients: readonly string[]
  /** recipients whose copy only leaves again; it is in the outbox */
  readonly forwarded?: readonly string[]
  readonly outbox: readonly OutgoingReceipt[]
  readonly event: LedgerEvent
  readonly detail: string | null
  readonly at: Instant
}

export interface TakerDeps {
  readonly queries: Pick<ArrivalQueries, 'take'>
  readonly blobs: Blobs
  readonly checkpoint: Checkpoint
  readonly now: () => number
}

/** A blob for the bytes of a message. */
export function newBlob(blobs: Blobs, slot: number, at: Instant, bytes: Buffer): NewBlob {
  return { slot, id: uuidv7(at.ms), place: blobs.place(bytes.length), bytes, sha256: hash('sha256', bytes, 'buffer') }
}

/** Answers `taken`; `repeated` if it was taken for one of the recipients before, `other` if the id belongs to another message: then nothing is changed. */
export function createTaker({ queries, blobs, checkpoint, now }: TakerDeps) {
  return async (taking: Taking): Promise<'taken' | 'repeated' | 'other'> => {
    const {
      slot,
      id,
      kind,
      reversePath,
      provider,
      digest,
      blob,
      content,
      recipients,
      forwarded = [],
      outbox,
      event,
      detail,
      at,
    } = taking
    const facts = { ...taking.facts, subject: storable(taking.facts.subject) }
    if (blob.place === 'disk') await blobs.putOnDisk(blob, blob.bytes)
    const pack = new BytesPack()
    const item = {
      id,
      kind,
      sender: reversePath,
      provider,
      digest: digest.toString('hex'),
      facts,
      blob: blobItem(pack, blob),
      content: contentItem(pack, uuidv7(at.ms), content),
      recipients,
      outbox: outbox.map((receipt) => ({
        ...contentItem(pack, uuidv7(at.ms), receipt.content),
        pecMsgid: receipt.pecMsgid,
        recipient: receipt.recipient,
        kind: receipt.kind,
        messageId: receipt.messageId,
        ...outboxTarget(receipt),
      })),
      ledger: [
        ledgerEntry(
          event,
          at,
          { ...facts, recipients: [...recipients, ...forwarded] },
          { related: outbox.map(({ messageId }) => messageId), provider, detail },
        ),
      ],
    }
    checkpoint('take-before-commit')
    const status = await queries.take(slot, item, pack.bytes(), new Date(now() + LEASE_MS), new Date(at.ms))
    checkpoint('take-after-commit')
    return status
  }
}
