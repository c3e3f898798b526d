/** The receipts: acceptance (RFC 6109 3.1.4), complete delivery (3.3.2.1) and non-delivery (3.3.3), ready to be sealed. */
import type { Instant } from '../base/instant.ts'
import { subjectField } from './fields.ts'
import type { Certification, Failure, SubmissionData } from './certification-data.ts'
import { composeMessage, type EnclosedOriginal, type UnsealedMessage } from './message.ts'

/** Who certifies: the provider as it names itself, and the address in its seal certificate (RFC 6109 5.5.1). */
export interface Issuer {
  readonly provider: string
  readonly address: string
}

/** What every receipt needs besides its kind. */
export interface ReceiptInput {
  readonly issuer: Issuer
  readonly submission: SubmissionData
  readonly at: Instant
  /** the receipt's own Message-ID, without angle brackets */
  readonly messageId: string
}

export function acceptanceReceipt(input: ReceiptInput): UnsealedMessage {
  return receipt(input, { marker: 'accettazione', prefix: 'ACCETTAZIONE: ', kind: 'accettazione' }, {}, null)
}

/** @param original enclosed whole: the receipt is complete */
export function deliveryReceipt(input: ReceiptInput & { recipient: string; original: EnclosedOriginal }): UnsealedMessage {
  const { recipient, original } = input
  const shape = { marker: 'avvenuta-consegna', prefix: 'CONSEGNA: ', kind: 'avvenuta-consegna' } as const
  return receipt(input, shape, { recipient, receiptType: 'completa' }, original)
}

export function nonDeliveryNotice(input: ReceiptInput & { recipient: string; failure: Failure }): UnsealedMessage {
  const { recipient, failure } = input
  const shape = { marker: 'errore-consegna', prefix: 'AVVISO DI MANCATA CONSEGNA: ', kind: 'errore-consegna' } as const
  return receipt(input, shape, { recipient, failure }, null)
}

interface Shape {
  /** value of X-Ricevuta */
  readonly marker: string
  /** of the subject */
  readonly prefix: string
  readonly kind: Certification['kind']
}

function receipt(
  { issuer, submission, at, messageId }: ReceiptInput,
  { marker, prefix, kind }: Shape,
  details: Partial<Certification>,
  enclosed: EnclosedOriginal | null,
): UnsealedMessage {
  const fields = [
    `Date: ${at.rfc5322}`,
    `From: ${issuer.address}`,
    `To: ${submission.sender}`,
    subjectField(prefix, submission.rawSubject),
    `Message-ID: <${messageId}>`,
    ...(submission.msgid === null ? [] : [`X-Riferimento-Message-ID: ${submission.msgid}`]),
    `X-Ricevuta: ${marker}`,
  ]
  return composeMessage(fields, { kind, submission, provider: issuer.provider, at, ...details }, enclosed)
}
