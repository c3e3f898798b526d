/** The receipt of a verdict: which kind it is (RFC 6109 3.3.2), sealed, and ready for the outbox. */
import { isAscii } from 'node:buffer'
import { newMessageId, uuidv7 } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import { ledgerEntry } from '../ledger/entry.ts'
import { contentItem, type BytesPack } from '../mailbox/content.ts'
import { briefOriginal } from '../pec/brief.ts'
import type { Failure } from '../pec/certification-data.ts'
import type { EnclosedOriginal } from '../pec/message.ts'
import { deliveryReceipt, nonDeliveryNotice, type Issuer } from '../pec/receipts.ts'
import { receiptTypeFor } from '../pec/recipients.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { sealMessage } from '../seal/seal-message.ts'
import type { Delivery, OutgoingReceipt, SealedEnvelope } from '../transport/types.ts'

export interface SealedReceipt extends OutgoingReceipt {
  readonly at: Instant
  readonly failure: Failure | null
}

export interface ReceiptMakerDeps {
  readonly sealer: Pick<Sealer, 'seal'>
  readonly issuer: Issuer
  /** domain of the receipts' Message-IDs */
  readonly domain: string
  readonly now: () => number
}

/** Makes the receipt of a delivery, or the notice of its failure, for the outbox of `slot`. */
export function createReceiptMaker({ sealer, issuer, domain, now }: ReceiptMakerDeps) {
  return async ({ envelope, recipient }: Delivery, slot: number, failure: Failure | null): Promise<SealedReceipt> => {
    const { data, returnTo } = envelope
    const at = instantOf(now())
    const messageId = newMessageId(at.ms, domain)
    const receiptType = receiptTypeFor(data.receiptType, isCopy(envelope, recipient))
    const whole = !failure && receiptType === 'completa'
    const original = failure || receiptType === 'sintetica' ? null : whole ? envelope.original : briefOf(envelope)
    const input = { issuer, submission: data, at, messageId, recipient }
    const message = failure ? nonDeliveryNotice({ ...input, failure }) : deliveryReceipt({ ...input, receiptType, original })
    const sealed = await sealMessage(sealer, message, at.ms, whole ? envelope.body : null)
    const { pecMsgid, msgid, sender, subject } = data
    return {
      slot,
      pecMsgid,
      recipient,
      kind: failure ? 'non-delivery' : 'delivery',
      messageId,
      content: { ...sealed, slice: whole ? envelope.bodySlice : null },
      target: returnTo,
      reversePath: null,
      sliceBytes: whole ? (envelope.body?.bytes ?? null) : null,
      attempts: 1,
      msgid,
      sender,
      subject,
      at,
      failure,
    }
  }
}

const isCopy = ({ data }: SealedEnvelope, recipient: string): boolean =>
  data.recipients.find(({ address }) => address.toLowerCase() === recipient.toLowerCase())?.copy === true

/** RFC 6109 3.3.2.2. It is small once its attachments are hashes, so it lies in the head of the receipt. */
function briefOf({ original, body }: SealedEnvelope): EnclosedOriginal {
  const header = briefOriginal(original.header, body?.bytes ?? Buffer.alloc(0))
  return { header, bodyLength: 0, eightBit: !isAscii(header) }
}

/** A verdict as `delivery_deliver` and `delivery_fail` take it: its receipt for the outbox, and the ledger's entry. */
export function verdictItem(pack: BytesPack, receipt: SealedReceipt, provider: string): object {
  const { pecMsgid, recipient, kind, messageId, content, at, failure } = receipt
  const facts = { ...receipt, recipients: [recipient] }
  return {
    pecMsgid,
    recipient,
    receipt: { ...contentItem(pack, uuidv7(at.ms), content), pecMsgid, recipient, kind, messageId, ...outboxTarget(receipt) },
    ledger: ledgerEntry(failure ? 'delivery-failed' : 'delivered', at, facts, {
      related: [messageId],
      provider,
      detail: failure?.text ?? null,
    }),
  }
}

/** The columns that say where an outbox row goes. */
export function outboxTarget({ target, reversePath }: Pick<OutgoingReceipt, 'target' | 'reversePath'>): object {
  return 'address' in target
    ? { targetAddress: target.address, reversePath }
    : { targetSlot: target.mailbox.slot, targetMailbox: target.mailbox.id }
}
