import type { Arguments } from '../arguments.ts'
import { folderCommand, noArguments, ok } from '../command.ts'
import type { Reply } from '../command.ts'
import { refuseReadOnly } from '../read-only.ts'
import type { SequenceSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'

/** The client is told which messages went when the command ends. */
async function run(session: FolderSession, set: SequenceSet | undefined): Promise<Reply> {
  const { selected, deps } = session
  refuseReadOnly(selected)
  const uids = set && selected.list.seqsOfUids(set).map((seq) => selected.list.uid(seq))
  if (uids?.length !== 0) selected.list.vanish(await deps.store.expunge(session.mailbox, selected.folder.id, uids))
  return ok('EXPUNGE completed')
}

function parseSet(args: Arguments): SequenceSet {
  args.space()
  return args.sequenceSet()
}

/** RFC 3501 6.4.3 */
export const expunge = folderCommand('EXPUNGE', noArguments, run)

/** RFC 4315 2.1 */
export const uidExpunge = folderCommand('UID EXPUNGE', parseSet, run)
