import type { Arguments } from '../arguments.ts'
import { anyCommand, ok } from '../command.ts'
import { formatString } from '../strings.ts'

/** What the client says of itself is read and forgotten. */
function parseId(args: Arguments): undefined {
  args.space()
  if (args.peek() !== '(') args.nstring()
  else args.list(() => args.nstring())
}

/** RFC 2971 */
export const id = anyCommand('ID', parseId, (session) => {
  session.output.line(`* ID ("name" "Ceralacca" "vendor" ${formatString(session.deps.serverName)})`)
  return ok('ID completed')
})
