/** The receipts and notices (RFC 6109 3.1.2 to 3.1.4, 3.1.6, 3.2.1, 3.2.3, 3.2.4, 3.3.2, 3.3.3), ready to be sealed. */
import type { Instant } from '../base/instant.ts'
import {
  writeDaticert,
  type Certification,
  type Failure,
  type MessageKind,
  type ReceiptType,
  type SubmissionData,
} from './certification-data.ts'
import { plainField, subjectField } from './fields.ts'
import { composeMessage, type EnclosedOriginal, type UnsealedMessage } from './message.ts'
import { writeText } from './texts.ts'
import type { Language, Words } from './wording.ts'

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

/** RFC 6109 3.1.4 */
export function acceptanceReceipt(input: ReceiptInput): UnsealedMessage {
  return receipt(input, {
    kind: 'accettazione',
    prefix: 'ACCETTAZIONE: ',
    words: (language) => language.acceptance(input),
  })
}

/**
 * RFC 6109 3.1.2; for a virus, 3.1.3.
 * @param input its `failure.text` is the reason, or the name of the threat; `failure.error` tells which
 */
export function nonAcceptanceNotice(input: ReceiptInput & { readonly failure: Failure }): UnsealedMessage {
  const { failure } = input
  const shape = { kind: 'non-accettazione', details: { failure } } as const
  return failure.error === 'virus'
    ? receipt(input, {
        ...shape,
        prefix: 'AVVISO DI NON ACCETTAZIONE PER VIRUS: ',
        markers: [VIRUS_MARKER],
        words: (language) => language.virusNonAcceptance(input, failure.text),
      })
    : receipt(input, {
        ...shape,
        prefix: 'AVVISO DI NON ACCETTAZIONE: ',
        words: (language) => language.nonAcceptance(input, failure.text),
      })
}

/**
 * RFC 6109 3.2.1.
 * @param input `to`: service mailbox of the sending provider; `received`: the recipients that are taken in charge
 */
export function takeInCharge(
  input: ReceiptInput & { readonly to: string; readonly received: readonly string[] },
): UnsealedMessage {
  const { to, received } = input
  return receipt(input, {
    kind: 'presa-in-carico',
    prefix: 'PRESA IN CARICO: ',
    to,
    details: { received },
    words: (language) => language.takeInCharge(input, received),
  })
}

/**
 * RFC 6109 3.3.2.
 * @param input `original`: null exactly for a concise receipt; for a brief one, what brief.ts makes of it
 */
export function deliveryReceipt(
  input: ReceiptInput & {
    readonly recipient: string
    readonly receiptType: ReceiptType
    readonly original: EnclosedOriginal | null
  },
): UnsealedMessage {
  const { recipient, receiptType, original } = input
  if ((original === null) !== (receiptType === 'sintetica')) throw new Error(`original of a delivery receipt "${receiptType}"`)
  return receipt(input, {
    kind: 'avvenuta-consegna',
    prefix: 'CONSEGNA: ',
    details: { recipient, receiptType },
    enclosed: original,
    words: (language) => language.delivery(input, recipient, receiptType),
  })
}

/** RFC 6109 3.3.3; for a virus, 3.2.4. The text of `failure` has the form of failures: CODE - PROVIDER - words. */
export function nonDeliveryNotice(
  input: ReceiptInput & { readonly recipient: string; readonly failure: Failure },
): UnsealedMessage {
  const { recipient, failure } = input
  const shape = { kind: 'errore-consegna', details: { recipient, failure } } as const
  return failure.error === 'virus'
    ? receipt(input, {
        ...shape,
        prefix: 'AVVISO DI MANCATA CONSEGNA PER VIRUS: ',
        markers: [VIRUS_MARKER],
        words: (language) => language.virusNonDelivery(input, recipient, failure.text),
      })
    : receipt(input, {
        ...shape,
        prefix: 'AVVISO DI MANCATA CONSEGNA: ',
        words: (language) => language.nonDelivery(input, recipient, failure.text),
      })
}

/** Integrators tell the final notice by 5.4.1 at the start of `errore-esteso` (docs/reference/formats.md). */
const TIMEOUT_REASONS = {
  12: { code: '4.4.1', words: 'messaggio non consegnato nelle prime dodici ore dal suo invio' },
  24: { code: '5.4.1', words: 'messaggio non consegnato nelle prime ventiquattro ore dal suo invio' },
} as const

/** RFC 6109 3.1.6, to the sender, after 12 and after 24 hours. */
export function timeoutNotice(input: ReceiptInput & { readonly recipient: string; readonly hours: 12 | 24 }): UnsealedMessage {
  const { issuer, recipient, hours } = input
  const { code, words } = TIMEOUT_REASONS[hours]
  const failure: Failure = { error: 'altro', text: `${code} - ${issuer.provider} - ${words}` }
  return receipt(input, {
    kind: 'preavviso-errore-consegna',
    prefix: 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ',
    details: { recipient, failure },
    words: (language) => language.timeout(input, recipient, hours),
  })
}

/**
 * RFC 6109 3.2.3: one for each recipient.
 * @param input `to`: service mailbox of the sending provider
 */
export function virusNotice(
  input: ReceiptInput & { readonly to: string; readonly recipient: string; readonly failure: Failure },
): UnsealedMessage {
  const { to, recipient, failure } = input
  return receipt(input, {
    kind: 'rilevazione-virus',
    prefix: 'PROBLEMA DI SICUREZZA: ',
    to,
    markers: [plainField('X-Mittente', input.submission.sender)],
    details: { recipient, failure },
    words: (language) => language.virus(input, recipient, failure.text),
  })
}

const VIRUS_MARKER = 'X-VerificaSicurezza: errore'

interface Shape {
  /** also the value of X-Ricevuta */
  readonly kind: Exclude<MessageKind, 'posta-certificata'>
  /** of the subject */
  readonly prefix: string
  readonly words: (language: Language) => Words
  /** the sender where nothing is said (RFC 6109 2.1: whatever his Reply-To) */
  readonly to?: string
  /** fields beside X-Ricevuta */
  readonly markers?: readonly string[]
  readonly details?: Partial<Certification>
  readonly enclosed?: EnclosedOriginal | null
}

function receipt(
  { issuer, submission, at, messageId }: ReceiptInput,
  { kind, prefix, words, to = submission.sender, markers = [], details, enclosed = null }: Shape,
): UnsealedMessage {
  const fields = [
    `Date: ${at.rfc5322}`,
    `From: ${issuer.address}`,
    plainField('To', to),
    subjectField(prefix, submission.rawSubject),
    `Message-ID: <${messageId}>`,
    ...(submission.msgid === null ? [] : [plainField('X-Riferimento-Message-ID', submission.msgid)]),
    `X-Ricevuta: ${kind}`,
    ...markers,
  ]
  const daticert = writeDaticert({ kind, submission, provider: issuer.provider, at, ...details })
  return composeMessage(fields, writeText(words, submission.pecMsgid), daticert, enclosed)
}
