/** What is on its way: what every step after acceptance needs of it, whether it is still in memory or read again after a crash. */
import type { Instant } from '../base/instant.ts'
import type { BlobSlice, MessageContent } from '../mailbox/content.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import type { EnclosedOriginal } from '../pec/message.ts'
import type { OriginalBody } from '../seal/seal-message.ts'

/** Where receipts go: a mailbox of ours, or an address at another provider. */
export type ReturnTo = { readonly mailbox: MailboxRef } | { readonly address: string }

/** A sealed envelope, ours or another provider's, with what its receipts are made of. */
export interface SealedEnvelope {
  readonly data: SubmissionData
  /** its bytes are fixed */
  readonly envelope: MessageContent
  readonly original: EnclosedOriginal
  /** of the original; null if `original.header` holds all of it */
  readonly body: OriginalBody | null
  /** where the original's body lies; null if nowhere as it stands (another provider encoded it) */
  readonly bodySlice: BlobSlice | null
  readonly returnTo: ReturnTo
}

/** What is known of a submission without reading its bytes. */
export interface SubmissionFacts {
  /** the sender's mailbox: its slot is where the dispatches are */
  readonly sender: MailboxRef
  readonly data: SubmissionData
  readonly acceptedAt: Instant
}

/** An envelope of ours. */
export interface Submission extends SealedEnvelope, SubmissionFacts {}

/** An envelope on its way to one local recipient. */
export interface Delivery {
  readonly envelope: SealedEnvelope
  readonly recipient: string
  /** that sealed it, for the ledger; this one where it is not said */
  readonly provider?: string
  /** somebody may have tried before, and may have got as far as a verdict */
  readonly retried: boolean
}

/** What a receipt tells of a dispatch: the keys of I4. */
export type ReceiptKind = 'delivery' | 'non-delivery' | 'timeout-12' | 'timeout-24'

/**
 * What became of a receipt that came to a mailbox of ours. `repeated`: it is there already. `other`: another one with the same keys is, and this one
 * is not put there. `closed`: a notice of our own for a dispatch that has its outcome; it is not issued.
 */
export type ReturnStatus = 'received' | 'repeated' | 'other' | 'closed'

/** What waits in the outbox besides receipts: notices between providers, and mail forwarded to ordinary addresses. */
export type OutboxKind = ReceiptKind | 'take-in-charge' | 'virus' | 'forward'

/** The facts of a receipt for the ledger. */
interface ReceiptFacts {
  readonly pecMsgid: string
  readonly recipient: string
  readonly msgid: string | null
  readonly sender: string
  readonly subject: string
  readonly messageId: string
  readonly content: MessageContent
}

/** A receipt that belongs into a mailbox of ours. */
export interface ReturnedReceipt extends ReceiptFacts {
  readonly kind: ReceiptKind
  readonly target: MailboxRef
}

/** A sealed receipt that waits in the outbox, in the slot of who issued it. */
export interface OutgoingReceipt extends ReceiptFacts {
  readonly slot: number
  readonly kind: OutboxKind
  readonly target: ReturnTo
  /** reverse path of one that leaves; null for the address of the receipts */
  readonly reversePath: string | null
  /** the bytes that the content's slice names, where they are in memory */
  readonly sliceBytes: Buffer | null
  /** how often its way was tried */
  readonly attempts: number
}
