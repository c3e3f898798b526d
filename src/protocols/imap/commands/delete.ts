import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { tellNormalised } from '../list-response.ts'
import { unselect } from '../session.ts'

function parseName(args: Arguments): string {
  args.space()
  return args.folderName()
}

/** RFC 3501 6.3.4. A client that deletes the folder it has selected has none selected then. */
export const deleteFolder = userCommand('DELETE', parseName, async (session, name) => {
  const { store } = session.deps
  const folder = await store.folder(session.mailbox, name)
  await store.deleteFolder(session.mailbox, name)
  session.notify?.expect((folders) => folders.filter(({ id }) => id !== folder?.id))
  if (folder && folder.id === session.selected?.folder.id) unselect(session)
  await tellNormalised(session, name)
  return ok('DELETE completed')
})
