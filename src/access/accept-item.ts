/** An accepted submission as `access_accept` takes it (migration 0007). */
import { uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import { ledgerEntry, storable } from '../ledger/entry.ts'
import { arrivalItem, contentItem, type BytesPack, type MessageContent } from '../mailbox/content.ts'
import type { BlobPlace } from '../storage/blobs.ts'
import type { Submission } from '../transport/types.ts'

export interface Accepted {
  readonly at: Instant
  /** the submission's bytes */
  readonly blob: { slot: number; id: string; place: BlobPlace; bytes: Buffer; sha256: Buffer }
  readonly acceptance: { messageId: string; content: MessageContent }
  readonly submission: Submission
}

/** The item's JSON, its bytes added to the pack. One ledger entry tells the acceptance, its receipt and its envelope (RFC 6109 2.3). */
export function acceptItem(pack: BytesPack, { at, blob, acceptance, submission }: Accepted, provider: string): object {
  const { data, envelope, original } = submission
  const acceptanceId = uuidv7(at.ms)
  const small = blob.place === 'database' ? [blob.bytes] : []
  const facts = { ...data, recipients: data.recipients.map(({ address }) => address) }
  return {
    at: at.ms,
    blob: { id: blob.id, size: blob.bytes.length, place: blob.place, at: pack.add(blob.sha256, ...small) },
    acceptance: arrivalItem(pack, acceptanceId, acceptance.content, at, true),
    submission: {
      pecMsgid: data.pecMsgid,
      msgid: data.msgid,
      sender: data.sender,
      recipients: data.recipients,
      replyTo: data.replyTo,
      subject: storable(data.subject),
      receiptType: data.receiptType,
      rawSubject: data.rawSubject === null ? null : Buffer.from(data.rawSubject, 'latin1').toString('base64'),
      envelope: contentItem(pack, uuidv7(at.ms), envelope),
      acceptance: acceptanceId,
      originalHeader: original.header.length,
      eightBit: original.eightBit,
    },
    ledger: [ledgerEntry('accepted', at, facts, { related: [data.pecMsgid, acceptance.messageId], provider })],
  }
}
