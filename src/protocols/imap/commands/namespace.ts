import { noArguments, ok, userCommand } from '../command.ts'

/** RFC 2342: everything is the holder's own. */
export const namespace = userCommand('NAMESPACE', noArguments, (session) => {
  session.output.line('* NAMESPACE (("" "/")) NIL NIL')
  return ok('NAMESPACE completed')
})
