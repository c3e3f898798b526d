/** What a command may throw besides the errors of the store. */
import { CeralaccaError } from '../../base/errors.ts'

/** The command is not well formed: answered with BAD. */
export const syntaxError = (message: string, options?: ErrorOptions): CeralaccaError =>
  new CeralaccaError(SYNTAX, 'client', message, options)

const SYNTAX = 'imap-syntax'

export const isSyntaxError = (error: unknown): error is CeralaccaError => error instanceof CeralaccaError && error.code === SYNTAX

/** The command is refused: answered with NO and a response code. */
export class Refusal extends Error {
  readonly responseCode: string

  constructor(responseCode: string, message: string) {
    super(message)
    this.name = 'Refusal'
    this.responseCode = responseCode
  }
}

/** A text broke off within a literal: the client cannot find its way again, so the connection must end. */
export class TornText extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TornText'
  }
}
