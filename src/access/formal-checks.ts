/**
 * The formal checks on a submission (RFC 6109 3.1.1). What does not pass is refused with a reason that its sender understands.
 */
import { clientError, type CeralaccaError } from '../base/errors.ts'
import { parseAddresses } from '../mime/address.ts'
import { fieldsOf, fieldValue, unfold, type Header } from '../mime/header.ts'

export interface SubmissionLimits {
  /** bytes of one message */
  readonly messageBytes: number
  readonly recipients: number
  /** bytes of the message times its recipients: the law wants at least 30 MB */
  readonly totalBytes: number
}

export interface CheckedSubmission {
  /** addresses to reply to: Reply-To, or the sender */
  readonly replyTo: string
}

export interface SubmissionToCheck {
  readonly header: Header
  /** reverse path, canonical */
  readonly sender: string
  /** forward paths */
  readonly recipients: readonly string[]
  readonly bytes: number
}

/** @throws client errors `bad-header`, `bad-from`, `bad-to`, `sender-mismatch`, `recipient-mismatch`, `bcc-present`, `too-large` */
export function checkSubmission(
  { header, sender, recipients, bytes }: SubmissionToCheck,
  limits: SubmissionLimits,
): CheckedSubmission {
  checkHeader(header)
  const authors = fieldsOf(header, 'From').map((field) => parseAddresses(unfold(field.value)))
  const from = authors[0]?.[0]
  if (!from?.mailbox || !from.host || authors.flat().length > 1 || authors.length > 1) {
    throw refused('bad-from', 'The message needs exactly one From field with one valid address')
  }
  if (`${from.mailbox}@${from.host}`.toLowerCase() !== sender) {
    throw refused('sender-mismatch', `The From address must be the certified address that sends (${sender})`)
  }
  const to = addressesIn(header, 'To')
  if (to.length === 0) throw refused('bad-to', 'The message needs a To field with at least one valid address')
  const named = new Set([...to, ...addressesIn(header, 'Cc')].map((address) => address.toLowerCase()))
  const unnamed = recipients.find((recipient) => !named.has(recipient.toLowerCase()))
  if (unnamed !== undefined) {
    throw refused('recipient-mismatch', `${unnamed} is neither in To nor in Cc: blind copies are not allowed in certified mail`)
  }
  if (fieldsOf(header, 'Bcc').some((field) => unfold(field.value) !== '')) {
    throw refused('bcc-present', 'The Bcc field must be empty: blind copies are not allowed in certified mail')
  }
  if (bytes * recipients.length > limits.totalBytes) {
    throw refused('too-large', `The message times its recipients is over ${limits.totalBytes} bytes: send it to fewer at a time`)
  }
  const replyTo = addressesIn(header, 'Reply-To')
  return { replyTo: replyTo.length > 0 ? replyTo.join(', ') : sender }
}

/** What would make the certified data ambiguous, or messages that programs on the way may break. */
function checkHeader(header: Header): void {
  if (header.bodyStart > MOST_HEADER_BYTES)
    throw refused('bad-header', `The header of the message is longer than ${MOST_HEADER_BYTES} bytes`)
  if (fieldsOf(header, 'Subject').length > 1) throw refused('bad-header', 'The message has more than one Subject')
  if ((fieldValue(header, 'Message-ID') ?? '').length > LONGEST_MSGID) throw refused('bad-header', 'The Message-ID is too long')
}

/** The certified texts repeat much of a header, several times over. */
const MOST_HEADER_BYTES = 256 * 1024
/** With the name of its field on one line (RFC 5322 2.1.1: 998). */
const LONGEST_MSGID = 900

const refused = (code: string, message: string): CeralaccaError => clientError(code, message)

/** All complete addresses in the fields of that name. */
function addressesIn(header: Header, name: string): string[] {
  return fieldsOf(header, name)
    .flatMap((field) => parseAddresses(unfold(field.value)))
    .flatMap(({ mailbox, host }) => (mailbox && host ? [`${mailbox}@${host}`] : []))
}
