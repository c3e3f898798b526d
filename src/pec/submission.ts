/** Reads from a submission's header what its certification tells: subject, reply address (RFC 6109 4.4). */
import { decodeHeaderText } from '../mime/encoding.ts'
import { fieldsOf, unfold, type Header } from '../mime/header.ts'

export interface SubmissionSubject {
  /** decoded, on one line */
  readonly subject: string
  /** as it stands, null if there is no Subject field */
  readonly rawSubject: string | null
}

/** The Subject of a message, decoded and raw. */
export function readSubject(header: Header): SubmissionSubject {
  const field = fieldsOf(header, 'Subject')[0]
  if (!field) return { subject: '', rawSubject: null }
  return { subject: decodeHeaderText(unfold(field.value)).replace(/[\r\n]+/g, ' '), rawSubject: field.value }
}
