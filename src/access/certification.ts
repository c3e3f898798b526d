/** Makes certified mail of a submission that passed: one instant, one PEC msgid, original, acceptance and envelope, sealed (RFC 6109 3.1.4, 3.1.5). */
import { createHash } from 'node:crypto'
import { newMessageId, uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import { transportEnvelope } from '../pec/envelope.ts'
import type { EnclosedOriginal } from '../pec/message.ts'
import { makeOriginal } from '../pec/original.ts'
import { acceptanceReceipt, type Issuer } from '../pec/receipts.ts'
import { copyRecipients, receiptTypeOf } from '../pec/recipients.ts'
import { readSubject } from '../pec/submission.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { bodyOf, sealMessage } from '../seal/seal-message.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Accepted } from './accept-item.ts'
import { replyToOf } from './formal-checks.ts'
import { hasEightBit } from '../mime/line-ends.ts'
import type { ReadSubmission } from './types.ts'

export interface CertificationDeps {
  readonly sealer: Pick<Sealer, 'seal'>
  readonly issuer: Issuer
  /** domain of the identifiers, and name of the host in the trace */
  readonly domain: string
  readonly blobs: Pick<Blobs, 'place'>
}

/** @param at the one instant of all that is made here (I7) */
export async function certify(read: ReadSubmission, at: Instant, deps: CertificationDeps): Promise<Accepted> {
  const { sealer, issuer, domain, blobs } = deps
  const { request, bytes, header } = read
  const pecMsgid = newMessageId(at.ms, domain)
  const { header: originalHeader, bodyStart, msgid } = makeOriginal(bytes, header, pecMsgid)
  const bodyBytes = bytes.subarray(bodyStart)
  const eightBit = hasEightBit(bytes)
  const original: EnclosedOriginal = { header: originalHeader, bodyLength: bodyBytes.length, eightBit }
  const body = bodyOf(originalHeader, bodyBytes)
  const data = certificationData(read, pecMsgid, msgid)
  const acceptanceId = newMessageId(at.ms, domain)
  const received = traceOf(read, domain, pecMsgid, at)
  const input = { issuer, submission: data, at }
  const [acceptance, envelope] = await Promise.all([
    sealMessage(sealer, acceptanceReceipt({ ...input, messageId: acceptanceId }), at.ms, null),
    sealMessage(sealer, transportEnvelope({ ...input, header, received, original }), at.ms, body),
  ])
  const blob = { slot: request.mailbox.slot, id: uuidv7(at.ms), place: blobs.place(bytes.length) }
  const slice = { ...blob, offset: bodyStart, length: bodyBytes.length }
  return {
    at,
    blob: { ...blob, bytes, sha256: createHash('sha256').update(bytes).digest() },
    acceptance: { messageId: acceptanceId, content: { ...acceptance, slice: null } },
    submission: {
      sender: request.mailbox,
      data,
      envelope: { ...envelope, slice },
      original,
      body,
      bodySlice: slice,
      returnTo: { mailbox: request.mailbox },
      acceptedAt: at,
    },
  }
}

function certificationData(
  { request, header, recipients }: ReadSubmission,
  pecMsgid: string,
  msgid: string | null,
): SubmissionData {
  const copies = copyRecipients(header, request.recipients)
  return {
    pecMsgid,
    msgid,
    sender: request.sender,
    recipients: recipients.map((recipient) =>
      copies.has(recipient.address.toLowerCase()) ? { ...recipient, copy: true } : recipient,
    ),
    replyTo: replyToOf(header, request.sender),
    ...readSubject(header),
    receiptType: receiptTypeOf(header),
  }
}

function traceOf({ request }: ReadSubmission, domain: string, pecMsgid: string, at: Instant): string {
  const { address, protocol } = request.client
  // RFC 5321 4.1.3: address literals of IPv6 carry a tag.
  const literal = address.includes(':') ? `IPv6:${address}` : address
  return `from [${literal}] by ${domain} with ${protocol} id ${pecMsgid.split('@')[0]};\r\n ${at.rfc5322}`
}
