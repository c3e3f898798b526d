import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { tellNormalised } from '../list-response.ts'

function parseRename(args: Arguments): { from: string; to: string } {
  args.space()
  const from = args.folderName()
  args.space()
  return { from, to: args.folderName().replace(/\/$/, '') }
}

/** RFC 3501 6.3.5 */
export const rename = userCommand('RENAME', parseRename, async (session, { from, to }) => {
  await session.deps.store.renameFolder(session.mailbox, from, to)
  await tellNormalised(session, to, from)
  // The inbox loses its messages, which its own session should hear of at once.
  session.selected?.hint()
  return ok('RENAME completed')
})
