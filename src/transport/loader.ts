/** Reads a submission, or a receipt of the outbox, back from the database: what a crash took out of memory. */
import { CeralaccaError } from '../base/errors.ts'
import { instantOf } from '../base/instant.ts'
import { contentOf, type Contents } from '../mailbox/contents.ts'
import { bodyOf } from '../seal/seal-message.ts'
import type { OutboxKey, OutboxRow, SubmissionRow, TransportQueries } from './queries.ts'
import type { OutgoingReceipt, ReturnTo, Submission, SubmissionFacts } from './types.ts'

export interface LoaderDeps {
  readonly queries: Pick<TransportQueries, 'submission' | 'outboxRow'>
  readonly contents: Contents
}

/** A submission, and how large it is, before its bytes are read. */
export interface StoredSubmission {
  readonly facts: SubmissionFacts
  readonly bytes: number
  load(): Promise<Submission>
}

export function createLoader({ queries, contents }: LoaderDeps) {
  async function rowOf(slot: number, pecMsgid: string) {
    const row = await queries.submission(slot, pecMsgid)
    if (!row) throw new CeralaccaError('submission-missing', 'bug', `no submission ${pecMsgid} in slot ${slot}`)
    return row
  }

  async function loadFacts(slot: number, pecMsgid: string): Promise<SubmissionFacts> {
    return factsOf(await rowOf(slot, pecMsgid))
  }

  /** As loadFacts, for an identifier that may be of no submission of ours. */
  async function findFacts(slot: number, pecMsgid: string): Promise<SubmissionFacts | undefined> {
    const row = await queries.submission(slot, pecMsgid)
    return row && factsOf(row)
  }

  /** A submission without the bytes of its body, which `load` reads. */
  async function openSubmission(slot: number, pecMsgid: string): Promise<StoredSubmission> {
    const row = await rowOf(slot, pecMsgid)
    const envelope = await contents.load(slot, row.envelope)
    const header = envelope.head.subarray(envelope.head.length - row.original_header)
    const bodyLength = envelope.slice?.length ?? 0
    const facts = factsOf(row)
    const load = async (): Promise<Submission> => ({
      ...facts,
      envelope,
      original: { header, bodyLength, eightBit: row.eight_bit },
      body: bodyOf(header, await contents.readSlice(envelope)),
      bodySlice: envelope.slice,
      returnTo: { mailbox: facts.sender },
    })
    return { facts, bytes: envelope.size, load }
  }

  /** A receipt of the outbox, or undefined if it has arrived; the bytes of its slice are read only for one that leaves. */
  async function loadReceipt(key: OutboxKey): Promise<OutgoingReceipt | undefined> {
    const row = await queries.outboxRow(key)
    if (!row) return undefined
    const content = contentOf(row)
    const target = targetOf(row)
    return {
      slot: row.slot,
      pecMsgid: row.pec_msgid,
      recipient: row.recipient,
      kind: row.kind,
      messageId: row.message_id,
      content,
      target,
      reversePath: row.reverse_path,
      sliceBytes: 'address' in target ? await contents.readSlice(content) : null,
      attempts: row.attempts,
      ...(await ledgerFacts(row)),
    }
  }

  /** What the ledger tells of a receipt. One that leaves has been told where it was issued. */
  async function ledgerFacts({ target_slot, pec_msgid }: OutboxRow) {
    if (target_slot === null) return { msgid: null, sender: '', subject: '' }
    const { msgid, sender, subject } = await rowOf(target_slot, pec_msgid)
    return { msgid, sender, subject }
  }

  return { loadFacts, findFacts, openSubmission, loadReceipt }
}

export type Loader = ReturnType<typeof createLoader>

function factsOf(row: SubmissionRow): SubmissionFacts {
  const { slot, mailbox, pec_msgid, msgid, sender, recipients, reply_to, subject, raw_subject, receipt_type, accepted_at } = row
  return {
    sender: { slot, id: mailbox },
    data: {
      pecMsgid: pec_msgid,
      msgid,
      sender,
      recipients,
      replyTo: reply_to,
      subject,
      rawSubject: raw_subject?.toString('latin1') ?? null,
      receiptType: receipt_type,
    },
    acceptedAt: instantOf(accepted_at.getTime()),
  }
}

function targetOf({ target_slot, target_mailbox, target_address }: OutboxRow): ReturnTo {
  if (target_slot !== null && target_mailbox !== null) return { mailbox: { slot: target_slot, id: target_mailbox } }
  return { address: target_address ?? '' }
}
