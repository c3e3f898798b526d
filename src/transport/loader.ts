/** Reads a submission, or a receipt of the outbox, back from the database: what a crash took out of memory. */
import { CeralaccaError } from '../base/errors.ts'
import { instantOf } from '../base/instant.ts'
import { contentOf, type Contents } from '../mailbox/contents.ts'
import { bodyOf } from '../seal/seal-message.ts'
import type { OutboxRow, TransportQueries } from './queries.ts'
import type { OutgoingReceipt, Submission } from './types.ts'

export interface LoaderDeps {
  readonly queries: Pick<TransportQueries, 'submission'>
  readonly contents: Contents
}

export function createLoader({ queries, contents }: LoaderDeps) {
  async function rowOf(slot: number, pecMsgid: string) {
    const row = await queries.submission(slot, pecMsgid)
    if (!row) throw new CeralaccaError('submission-missing', 'bug', `no submission ${pecMsgid} in slot ${slot}`)
    return row
  }

  async function loadSubmission(slot: number, pecMsgid: string): Promise<Submission> {
    const row = await rowOf(slot, pecMsgid)
    const envelope = await contents.load(slot, row.envelope)
    const header = envelope.head.subarray(envelope.head.length - row.original_header)
    const bodyLength = envelope.slice?.length ?? 0
    const pieces: Buffer[] = []
    const start = envelope.head.length
    for await (const piece of contents.read(slot, row.envelope, start, start + bodyLength)) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    return {
      sender: { slot, id: row.mailbox },
      data: {
        pecMsgid,
        msgid: row.msgid,
        sender: row.sender,
        recipients: row.recipients,
        replyTo: row.reply_to,
        subject: row.subject,
        rawSubject: row.raw_subject?.toString('latin1') ?? null,
      },
      envelope,
      original: { header, bodyLength, eightBit: row.eight_bit },
      body: bodyOf(header, bytes),
      acceptedAt: instantOf(row.accepted_at.getTime()),
    }
  }

  async function loadReceipt(row: OutboxRow): Promise<OutgoingReceipt> {
    const { msgid, sender, subject } = await rowOf(row.target_slot, row.pec_msgid)
    return {
      slot: row.slot,
      pecMsgid: row.pec_msgid,
      recipient: row.recipient,
      kind: row.kind,
      messageId: row.message_id,
      content: contentOf(row),
      target: { slot: row.target_slot, id: row.target_mailbox },
      msgid,
      sender,
      subject,
    }
  }

  return { loadSubmission, loadReceipt }
}

export type Loader = ReturnType<typeof createLoader>
