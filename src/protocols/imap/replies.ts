/** Errors as tagged replies (RFC 5530). */
import { asCeralaccaError, CeralaccaError } from '../../base/errors.ts'
import { bad, no } from './command.ts'
import type { Reply } from './command.ts'
import { isSyntaxError, Refusal, TornText } from './errors.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import { formatText } from '../wire/text.ts'

const CODES: Readonly<Record<string, string>> = {
  'over-quota': 'OVERQUOTA',
  'no-such-folder': 'NONEXISTENT',
  'folder-exists': 'ALREADYEXISTS',
  'folder-not-removable': 'CANNOT',
  'bad-folder-name': 'CANNOT',
  'special-use-taken': 'USEATTR',
  'bad-credentials': 'AUTHENTICATIONFAILED',
  'login-throttled': 'UNAVAILABLE',
  'login-refused': 'CONTACTADMIN',
  'authorization-refused': 'AUTHORIZATIONFAILED',
  'channel-binding-refused': 'AUTHENTICATIONFAILED',
  'too-many-connections': 'LIMIT',
}

/** Errors of these codes are expected: nobody needs to hear of them. */
const isExpected = (error: unknown): boolean => error instanceof CeralaccaError && error.fault === 'client'

/** The answer to a command that threw; what is unexpected is reported. Rethrows when the connection is gone. */
export function replyToError(thrown: unknown, report: (error: unknown) => void): Reply {
  if (thrown instanceof ConnectionClosed || thrown instanceof TornText) throw thrown
  if (isSyntaxError(thrown)) return bad(thrown.message)
  if (thrown instanceof Refusal) return no(thrown.message, thrown.responseCode)
  const error = asCeralaccaError(thrown)
  const code = CODES[error.code]
  if (!isExpected(thrown) && code === undefined) report(thrown)
  if (code !== undefined) return no(formatText(error.message), code)
  if (error.fault === 'client') return no(formatText(error.message), 'CANNOT')
  if (error.fault === 'bug') return no('Internal error', 'SERVERBUG')
  return no('Temporarily not available, try again later', 'UNAVAILABLE')
}

/** RFC 3501 7.1 TRYCREATE: the folder to which messages should go does not exist. */
export async function orTryCreate<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof CeralaccaError && error.code === 'no-such-folder')
      throw new Refusal('TRYCREATE', 'There is no such folder')
    throw error
  }
}

/** The message's content was removed while it was asked for. */
export const isGone = (error: unknown): boolean => error instanceof CeralaccaError && error.code === 'content-missing'

/** The selected folder was removed. */
export const isFolderGone = (error: unknown): boolean =>
  error instanceof CeralaccaError && (error.code === 'folder-changed' || error.code === 'no-such-folder')
