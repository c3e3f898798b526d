/** The transport envelope (RFC 6109 3.1.5), ready to be sealed. */
import type { Instant } from '../base/instant.ts'
import type { Header } from '../mime/header.ts'
import { writeDaticert, type SubmissionData } from './certification-data.ts'
import { inheritedFields, onBehalfOf, plainField, subjectField } from './fields.ts'
import { composeMessage, type EnclosedOriginal, type UnsealedMessage } from './message.ts'
import type { Issuer } from './receipts.ts'
import { writeText } from './texts.ts'

export interface EnvelopeInput {
  readonly issuer: Issuer
  readonly submission: SubmissionData
  readonly at: Instant
  /** header of the submission: the envelope inherits routing fields from it */
  readonly header: Header
  /** trace of the access point, without the field's name */
  readonly received: string
  readonly original: EnclosedOriginal
}

/** Fields that the envelope inherits unmodified (RFC 6109 2.1.1.2), in the order in which they are written. */
const INHERITED = ['Received', 'Return-Path', 'To', 'Cc', 'Reply-To']

export function transportEnvelope({ issuer, submission, at, header, received, original }: EnvelopeInput): UnsealedMessage {
  const { receiptType } = submission
  const inherited = inheritedFields(header, INHERITED)
  const fields = [
    `Received: ${received}`,
    ...inherited,
    ...(inherited.some((line) => /^reply-to:/i.test(line)) ? [] : [plainField('Reply-To', submission.sender)]),
    `Date: ${at.rfc5322}`,
    onBehalfOf(submission.sender, issuer.address),
    subjectField('POSTA CERTIFICATA: ', submission.rawSubject),
    `Message-ID: <${submission.pecMsgid}>`,
    ...(submission.msgid === null ? [] : [plainField('X-Riferimento-Message-ID', submission.msgid)]),
    'X-Trasporto: posta-certificata',
    `X-TipoRicevuta: ${receiptType}`,
  ]
  const text = writeText((language) => language.envelope({ at, submission }), submission.pecMsgid)
  const daticert = writeDaticert({ kind: 'posta-certificata', submission, provider: issuer.provider, at, receiptType })
  return composeMessage(fields, text, daticert, original)
}
