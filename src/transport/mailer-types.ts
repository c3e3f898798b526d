/** What the transport asks of its SMTP client: mailer.ts makes one. */

export interface OutgoingMail {
  /** of the recipients: all are at this one */
  readonly domain: string
  /** reverse path; empty for a message that must bring no answer */
  readonly from: string
  readonly to: readonly string[]
  /** the message, in pieces that follow each other; sent as it stands */
  readonly content: readonly Buffer[]
  /** to a PEC provider: TLS and a good certificate are required (RFC 6109 5.3). Else ordinary mail, with MTA-STS, and with DKIM unless it must bring no answer. */
  readonly certified: boolean
}

/** What became of one recipient. */
export interface SendResult {
  readonly recipient: string
  /** `failed` is final, `deferred` may be tried again */
  readonly outcome: 'sent' | 'deferred' | 'failed'
  /** enhanced status code (RFC 3463), such as 5.1.1; 5.1.2 if the domain does not exist */
  readonly status: string
  /** the other server's words, or ours; one line, without content of the message */
  readonly text: string
}

export interface Mailer {
  /** Never rejects for what the network or the other side does: each recipient has a result, in their order. */
  send(mail: OutgoingMail): Promise<SendResult[]>
  /** Closes idle connections and waits for those at work. */
  close(): Promise<void>
}
