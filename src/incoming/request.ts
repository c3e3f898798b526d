/** A message as it came in over SMTP: what protocols/smtp hands to the Incoming Point. */
export interface IncomingRequest {
  /** '' for the null reverse path (RFC 5321 4.5.5) */
  readonly reversePath: string
  /** forward paths that were accepted, each once */
  readonly recipients: readonly string[]
  /** byte for byte, the dots of RFC 5321 4.5.2 taken out */
  readonly bytes: Buffer
  /** where it came from, for the trace */
  readonly client: {
    readonly address: string
    /** what it called itself; has only characters that a host name or an address literal has, or "?" in their place */
    readonly name: string
    /** SMTP, ESMTP or ESMTPS (RFC 3848) */
    readonly protocol: string
  }
}
