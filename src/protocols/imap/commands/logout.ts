import { anyCommand, noArguments, ok } from '../command.ts'
import { bye } from '../session.ts'

/** RFC 3501 6.1.3 */
export const logout = anyCommand('LOGOUT', noArguments, (session) => {
  bye(session, 'Good-bye')
  return ok('LOGOUT completed')
})
