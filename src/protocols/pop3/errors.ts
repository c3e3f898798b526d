/** What a command may throw besides the errors of the house. */

/** The command is refused: answered with -ERR. */
export class Refusal extends Error {
  /** response code without its brackets (RFC 2449 8) */
  readonly responseCode: string | null

  constructor(responseCode: string | null, message: string) {
    super(message)
    this.name = 'Refusal'
    this.responseCode = responseCode
  }
}

/** The line is no command: answered with -ERR, and counted. */
export class Mistake extends Refusal {
  constructor(message: string) {
    super(null, message)
    this.name = 'Mistake'
  }
}
