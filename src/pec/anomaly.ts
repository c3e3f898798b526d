/** The anomaly envelope (RFC 6109 3.2.2), around what is not certified, ready to be sealed. */
import type { Instant } from '../base/instant.ts'
import { fieldValue, type Header } from '../mime/header.ts'
import { inheritedFields, onBehalfOf, plainField, subjectField } from './fields.ts'
import { composeMessage, type EnclosedOriginal, type UnsealedMessage } from './message.ts'
import type { Issuer } from './receipts.ts'
import { writeText } from './texts.ts'

export interface AnomalyInput {
  readonly issuer: Issuer
  /** when the message arrived */
  readonly at: Instant
  /** of the message received: the envelope inherits fields from it */
  readonly header: Header
  /** trace of the incoming point, without the field's name */
  readonly received: string
  /** reverse path, without angle brackets; '' for the null one */
  readonly returnPath: string
  /** who the message says that it is from */
  readonly sender: string
  readonly recipients: readonly string[]
  /** decoded */
  readonly subject: string
  /** the Subject field's raw value (latin1), null if there was none */
  readonly rawSubject: string | null
  /** why it is not certified, in a few words */
  readonly reason: string
  /** the whole message received */
  readonly enclosed: EnclosedOriginal
}

/** Fields that the envelope inherits unmodified, in the order in which they are written. */
const INHERITED = ['Received', 'To', 'Cc', 'Reply-To', 'Message-ID']

/** Text and the whole message, and nothing else: nobody can vouch for the data. */
export function anomalyEnvelope(input: AnomalyInput): UnsealedMessage {
  const { issuer, at, header, received, returnPath, sender, subject, rawSubject, reason, enclosed } = input
  const inherited = inheritedFields(header, INHERITED)
  const isNamed = sender === '' || inherited.some((line) => /^reply-to:/i.test(line))
  const fields = [
    // The route is the SMTP dialogue's: what a header says of it was not written by its end (RFC 5321 4.4).
    plainField('Return-Path', `<${returnPath}>`),
    `Received: ${received}`,
    ...inherited,
    ...(isNamed ? [] : [plainField('Reply-To', sender)]),
    `Date: ${at.rfc5322}`,
    onBehalfOf(sender, issuer.address),
    subjectField('ANOMALIA MESSAGGIO: ', rawSubject),
    'X-Trasporto: errore',
  ]
  const recipients = input.recipients.map((address) => ({ address, certified: false }))
  const facts = { at, submission: { subject, sender, recipients } }
  return composeMessage(
    fields,
    writeText((language) => language.anomaly(facts, reason), identifierOf(header)),
    null,
    enclosed,
  )
}

/** The received message's own identifier, without angle brackets: there is no PEC msgid. */
function identifierOf(header: Header): string | null {
  const id = (fieldValue(header, 'Message-ID') ?? '').replace(/^<|>$/g, '')
  return id === '' ? null : id
}
