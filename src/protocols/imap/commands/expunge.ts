import type { Arguments } from '../arguments.ts'
import { folderCommand, noArguments, ok } from '../command.ts'
import type { Reply } from '../command.ts'
import { refuseReadOnly } from '../read-only.ts'
import type { MessageSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'
import { uidsOf } from '../transfer.ts'
import { tellRemovals } from '../updates.ts'

async function run(session: FolderSession, set: MessageSet | undefined): Promise<Reply> {
  const { selected, deps } = session
  refuseReadOnly(selected)
  const uids = set && uidsOf(selected, set, true)
  const gone = uids?.length === 0 ? [] : await deps.store.expunge(session.mailbox, selected.folder.id, uids)
  selected.list.vanish(gone)
  return ok('EXPUNGE completed', gone.length > 0 ? await tellRemovals(session) : null)
}

function parseSet(args: Arguments): MessageSet {
  args.space()
  return args.messageSet()
}

/** RFC 3501 6.4.3 */
export const expunge = folderCommand('EXPUNGE', noArguments, run)

/** RFC 4315 2.1 */
export const uidExpunge = folderCommand('UID EXPUNGE', parseSet, run)
