import { anyCommand, noArguments, ok } from '../command.ts'

/** RFC 3501 6.1.2; the folder is read again even without a hint, because hints may be lost. */
export const noop = anyCommand('NOOP', noArguments, (session) => {
  session.selected?.hint()
  session.notify?.hint()
  return ok('NOOP completed')
})
