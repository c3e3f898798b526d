/** What is known of a message once it has been parsed: types only; structure.ts makes them. Strings are latin1, one character per byte. */
/** RFC 5322 address as IMAP's ENVELOPE shows it (RFC 9051 7.5.2); a group start has only `mailbox`, a group end nothing. */
export interface Address {
  readonly name: string | null
  readonly mailbox: string | null
  readonly host: string | null
}

/** IMAP ENVELOPE: header values as they stand (unfolded, encoded words not decoded). */
export interface Envelope {
  readonly date: string | null
  readonly subject: string | null
  readonly from: Address[]
  readonly sender: Address[]
  readonly replyTo: Address[]
  readonly to: Address[]
  readonly cc: Address[]
  readonly bcc: Address[]
  readonly inReplyTo: string | null
  readonly messageId: string | null
}

/** A MIME part; all offsets are byte positions in the whole message. */
export interface MimePart {
  /** first byte of the part's header */
  readonly start: number
  /** first byte of the body: after the empty line */
  readonly body: number
  /** end of the body, before the line break that belongs to the next boundary */
  readonly end: number
  /** line breaks (LF) in the body; for text and message/rfc822 parts only, else 0 */
  readonly lines: number
  /** lower case */
  readonly type: string
  readonly subtype: string
  /** names in lower case; see parameters.ts */
  readonly parameters: [string, string][]
  readonly id: string | null
  readonly description: string | null
  /** lower case, 7bit where none is given */
  readonly encoding: string
  readonly disposition: { type: string; parameters: [string, string][] } | null
  readonly language: string[]
  readonly location: string | null
  readonly md5: string | null
  /** multipart: the parts; message/rfc822: one, the message within */
  readonly children: MimePart[]
  /** of the message that this part is: on the root, and on the child of a message/rfc822 part */
  readonly envelope: Envelope | null
}

/** What is kept of a stored message, so that ENVELOPE and BODYSTRUCTURE need not read it again. */
export interface ParsedMessage {
  /** version of the parser that made it */
  readonly version: number
  readonly root: MimePart
}

/**
 * Bytes that are left out of a message stored as head + slice + tail: they belong to an embedded message (message/rfc822) that has been
 * parsed before. The outer boundaries must not occur in the missing bytes, and the line break before the next one stands in the tail.
 */
export interface Hole {
  /** where in the given bytes the missing ones belong */
  readonly at: number
  readonly length: number
  /** LFs in the missing bytes */
  readonly lines: number
  /** root of the embedded message, with offsets from its own start */
  readonly embedded: MimePart
}
