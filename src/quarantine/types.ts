/** What the points ask about a message that may do harm: scanner.ts answers, quarantine.ts keeps what was found. */

/** What was found: the name that goes into notices ("problema di sicurezza NOME"). */
export interface Threat {
  readonly kind: 'virus' | 'blocked-attachment'
  readonly name: string
}

export interface Scanner {
  /**
   * @returns null for a message in which nothing was found
   * @throws temporary error `scanner-unavailable`: nobody may take a message that was not looked at
   */
  scan(message: Buffer): Promise<Threat | null>
}

export interface QuarantinedMessage {
  /** where it was found */
  readonly point: 'access' | 'incoming'
  readonly threat: Threat
  /** certified identifier of the message, or of the notice that tells of it; without angle brackets */
  readonly pecMsgid: string
  readonly sender: string
  readonly recipients: readonly string[]
  /** the whole message */
  readonly bytes: Buffer
  readonly at: number
}

export interface Quarantine {
  /** Keeps a message, durably, before anybody is told. Doing it twice (same pecMsgid and point) changes nothing. */
  keep(message: QuarantinedMessage): Promise<void>
}
