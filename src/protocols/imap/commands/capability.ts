import { formatCapabilities, stageOf } from '../capabilities.ts'
import { anyCommand, noArguments, ok } from '../command.ts'

/** RFC 3501 6.1.1 */
export const capability = anyCommand('CAPABILITY', noArguments, (session) => {
  session.output.line(`* ${formatCapabilities(stageOf(session), session)}`)
  return ok('CAPABILITY completed')
})
