import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'

function parseName(args: Arguments): string {
  args.space()
  // A trailing separator only tells that folders will be made within (RFC 3501 6.3.3).
  return args.folderName().replace(/\/$/, '')
}

/** RFC 3501 6.3.3 */
export const create = userCommand('CREATE', parseName, async (session, folder) => {
  await session.deps.store.createFolder(session.mailbox, folder)
  return ok('CREATE completed')
})
