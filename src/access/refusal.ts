/** Why a message is not accepted: what its non-acceptance notice says, and what machines and logs may know of it. */
import { decodeBytes } from '../mime/encoding.ts'

export type RefusalCode =
  | 'no-header'
  | 'bad-header'
  | 'header-too-large'
  | 'nul-byte'
  | 'line-too-long'
  | 'repeated-field'
  | 'bad-message-id'
  | 'non-ascii-address'
  | 'bad-from'
  | 'sender-mismatch'
  | 'bad-to'
  | 'recipient-mismatch'
  | 'bcc-present'
  | 'too-large'
  | 'bad-mime'
  | 'ordinary-recipient'
  | 'blocked-attachment'
  | 'virus'

export interface Refusal {
  readonly code: RefusalCode
  /** Italian, such that it can follow "a causa di"; for a virus its name (RFC 6109 3.1.2, 3.1.3) */
  readonly reason: string
}

export const refusal = (code: RefusalCode, reason: string): Refusal => ({ code, reason })

const LONGEST_QUOTE = 200

/** Text of the message within a reason: latin1 as the header gives it, on one line, cut where it is long. */
export function quoted(raw: string): string {
  const text = decodeBytes(Buffer.from(raw.slice(0, LONGEST_QUOTE), 'latin1')).replace(/[\u0000-\u0020\u007f-\u009f]+/g, ' ')
  return raw.length > LONGEST_QUOTE ? `${text}...` : text
}
