/** Errors as SMTP replies (RFC 5321 4.2, RFC 3463): what is the client's fault is final, what is temporary may be tried again. */
import type { CeralaccaError } from '../../base/errors.ts'

/** An error that smtp-server answers with this code. */
export class SmtpReply extends Error {
  readonly responseCode: number

  constructor(responseCode: number, text: string) {
    super(text)
    this.responseCode = responseCode
  }
}

export const reply = (code: number, text: string): SmtpReply => new SmtpReply(code, text)

const BY_CODE: Record<string, [number, string]> = {
  'bad-credentials': [535, '5.7.8'],
  'login-throttled': [454, '4.7.0'],
  'too-many-connections': [454, '4.7.0'],
  'authorization-refused': [535, '5.7.8'],
  'channel-binding-refused': [535, '5.7.8'],
  // RFC 4954 4
  'sasl-syntax': [501, '5.5.2'],
  'sasl-cancelled': [501, '5.7.0'],
  'sasl-unknown': [504, '5.5.4'],
  'bad-recipient': [553, '5.1.3'],
  // RFC 6531 3.5
  'non-ascii-address': [553, '5.6.7'],
  'mailbox-full': [552, '5.2.2'],
  'login-refused': [535, '5.7.8'],
  'login-stale': [530, '5.7.0'],
  'sending-refused': [550, '5.7.1'],
  'relay-denied': [550, '5.7.1'],
  'no-such-mailbox': [550, '5.1.1'],
  'mailbox-disabled': [550, '5.2.1'],
  'certified-only': [550, '5.7.1'],
  'threat-found': [550, '5.7.1'],
  // Temporary, and said: the sender learns that it is the provider's trouble, and the message stays with him (RFC 3463 3.4).
  'seal-certificate-expired': [451, '4.3.5'],
  'seal-certificate-revoked': [451, '4.3.5'],
  'seal-key-unavailable': [451, '4.3.5'],
}

/** The reply to an error of the house. Details of what is not the client's fault stay in the log. */
export function replyFor(error: CeralaccaError): SmtpReply {
  if (error.cause instanceof SmtpReply) return error.cause
  const known = BY_CODE[error.code]
  if (known) return new SmtpReply(known[0], `${known[1]} ${error.message}`)
  if (error.fault === 'client') return new SmtpReply(550, `5.6.0 ${error.message}`)
  if (error.fault === 'permanent') return new SmtpReply(554, `5.0.0 ${error.message}`)
  return new SmtpReply(451, '4.3.0 The message cannot be taken at the moment: try again later')
}
