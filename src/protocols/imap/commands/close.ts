import { folderCommand, noArguments, ok } from '../command.ts'
import { unselect } from '../session.ts'

/** RFC 3501 6.4.2: deleted messages go, silently. */
export const close = folderCommand('CLOSE', noArguments, async (session) => {
  const { selected, deps } = session
  if (!selected.readOnly) await deps.store.expunge(session.mailbox, selected.folder.id)
  unselect(session)
  return ok('CLOSE completed')
})
