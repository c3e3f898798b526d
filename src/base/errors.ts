/**
 * The one family of errors. A code is stable and may be shown or tested; the fault decides what a protocol answers:
 * the client's fault and permanent errors are final, a temporary one may be tried again, a bug is an alarm.
 */
export type Fault = 'client' | 'temporary' | 'permanent' | 'bug'

export class CeralaccaError extends Error {
  readonly code: string
  readonly fault: Fault

  constructor(code: string, fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CeralaccaError'
    this.code = code
    this.fault = fault
  }
}

/** The caller asked for something that cannot be; the message says what to do instead. */
export const clientError = (code: string, message: string): CeralaccaError => new CeralaccaError(code, 'client', message)

/** Something that may work later: for mail, "try again". */
export const temporaryError = (code: string, message: string, cause?: unknown): CeralaccaError =>
  new CeralaccaError(code, 'temporary', message, { cause })

/** Whether what was thrown is an error with this code: of the family, or of the system such as `EEXIST`. */
export const hasCode = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === code

/** Anything thrown, as one of the family. What is not known counts as temporary, so that mail is never refused for a fault of ours. */
export function asCeralaccaError(thrown: unknown): CeralaccaError {
  if (thrown instanceof CeralaccaError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new CeralaccaError('unexpected', 'temporary', message, { cause: thrown })
}
