/** Errors as replies, with response codes (RFC 2449 8, RFC 3206): AUTH is about the credentials, SYS about us. */
import { asCeralaccaError } from '../../base/errors.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import { formatText } from '../wire/text.ts'
import type { Reply } from './command.ts'
import { Mistake, Refusal } from './errors.ts'

/** Errors that are expected, with the code of their reply: their text is for the client. */
const EXPECTED: Readonly<Record<string, string | null>> = {
  'bad-credentials': 'AUTH',
  'login-refused': 'AUTH',
  'login-throttled': 'SYS/TEMP',
  'authorization-refused': 'AUTH',
  'channel-binding-refused': 'AUTH',
  'too-many-connections': 'SYS/TEMP',
  // Another client has expunged the message, long ago.
  'content-missing': null,
}

const refused = (code: string | null, text: string): Reply => ({ ok: false, code, text })

/** The answer to a command that threw; what is unexpected is reported. Rethrows when the connection is gone. */
export function replyToError(thrown: unknown, report: (error: unknown) => void): Reply {
  if (thrown instanceof ConnectionClosed) throw thrown
  if (thrown instanceof Refusal) {
    return {
      ...refused(thrown.responseCode, thrown.message),
      mistake: thrown instanceof Mistake || thrown.responseCode === 'AUTH',
    }
  }
  const { code, fault, message } = asCeralaccaError(thrown)
  const expected = EXPECTED[code]
  if (expected !== undefined) return { ...refused(expected, formatText(message)), mistake: expected === 'AUTH' }
  report(thrown)
  return fault === 'temporary'
    ? refused('SYS/TEMP', 'Temporarily not available, try again later')
    : refused('SYS/PERM', 'Internal error')
}
