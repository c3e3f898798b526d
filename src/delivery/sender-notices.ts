/** The notices that a sender's own side issues: what could not be handed over (RFC 6109 3.3.3), a virus that the other provider found (3.2.4), and delay (3.1.6). */
import { newMessageId } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import type { Failure } from '../pec/certification-data.ts'
import type { UnsealedMessage } from '../pec/message.ts'
import { nonDeliveryNotice, timeoutNotice, type ReceiptInput } from '../pec/receipts.ts'
import { sealMessage } from '../seal/seal-message.ts'
import type { ReceiptKind, ReturnStatus, SubmissionFacts } from '../transport/types.ts'
import type { ReceiptMakerDeps } from './delivery-receipt.ts'
import type { ReturnPoint } from './return-point.ts'

export interface SenderNotices {
  /** The message did not go further; it closes the dispatch. */
  nonDelivery(submission: SubmissionFacts, recipient: string, failure: Failure): Promise<ReturnStatus>
  /** Nothing was heard for so long. The one of 24 hours closes the dispatch. @param watchAt when the next notice is due, if there is one */
  timeout(submission: SubmissionFacts, recipient: string, hours: 12 | 24, watchAt: number | null): Promise<ReturnStatus>
}

export interface SenderNoticesDeps extends ReceiptMakerDeps {
  readonly returns: ReturnPoint
}

export function createSenderNotices({ sealer, issuer, domain, now, returns }: SenderNoticesDeps): SenderNotices {
  async function issue(
    { sender, data }: SubmissionFacts,
    recipient: string,
    kind: ReceiptKind,
    details: { watchAt: number | null; detail: string | null },
    write: (input: ReceiptInput & { recipient: string }) => UnsealedMessage,
  ): Promise<ReturnStatus> {
    const at: Instant = instantOf(now())
    const messageId = newMessageId(at.ms, domain)
    const message = write({ issuer, submission: data, at, messageId, recipient })
    const content = { ...(await sealMessage(sealer, message, at.ms, null)), slice: null }
    const { pecMsgid, msgid, subject } = data
    const receipt = { pecMsgid, recipient, kind, messageId, content, target: sender, msgid, sender: data.sender, subject }
    return returns.receive({ receipt, at, origin: 'own', blob: null, ...details })
  }

  return {
    nonDelivery: (submission, recipient, failure) =>
      issue(submission, recipient, 'non-delivery', { watchAt: null, detail: failure.text }, (input) =>
        nonDeliveryNotice({ ...input, failure }),
      ),
    timeout: (submission, recipient, hours, watchAt) =>
      issue(submission, recipient, `timeout-${hours}`, { watchAt, detail: null }, (input) => timeoutNotice({ ...input, hours })),
  }
}
