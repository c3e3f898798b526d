/** A submission on its way: what every step after acceptance needs of it, whether it is still in memory or read again after a crash. */
import type { Instant } from '../base/instant.ts'
import type { MessageContent } from '../mailbox/content.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import type { EnclosedOriginal } from '../pec/message.ts'
import type { OriginalBody } from '../seal/seal-message.ts'

export interface Submission {
  /** the sender's mailbox: its slot is where the dispatches are */
  readonly sender: MailboxRef
  readonly data: SubmissionData
  /** sealed; its bytes are fixed */
  readonly envelope: MessageContent
  readonly original: EnclosedOriginal
  readonly body: OriginalBody
  readonly acceptedAt: Instant
}

/** One original on its way to one recipient. */
export interface Dispatch {
  readonly submission: Submission
  readonly recipient: string
  /** somebody may have tried before, and may have got as far as a verdict */
  readonly retried: boolean
}

/** What a receipt tells of a dispatch: the keys of I4. */
export type ReceiptKind = 'delivery' | 'non-delivery'

/** A sealed receipt on its way to the sender's mailbox. */
export interface OutgoingReceipt {
  /** the slot whose outbox holds it */
  readonly slot: number
  readonly pecMsgid: string
  readonly recipient: string
  readonly kind: ReceiptKind
  readonly messageId: string
  readonly content: MessageContent
  readonly target: MailboxRef
  /** facts for the ledger */
  readonly msgid: string | null
  readonly sender: string
  readonly subject: string
}
