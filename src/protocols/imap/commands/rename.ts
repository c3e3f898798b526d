import { canonicalName } from '../../../mailbox/folder-names.ts'
import type { Folder } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { tellNormalised } from '../list-response.ts'

function parseRename(args: Arguments): { from: string; to: string } {
  args.space()
  const from = args.folderName()
  args.space()
  return { from, to: args.folderName().replace(/\/$/, '') }
}

/** What has been renamed: the folder with all below it; of the inbox only messages go (RFC 3501 6.3.5). */
const renamed = (folders: readonly Folder[], from: string, to: string): Folder[] =>
  folders.map((folder) =>
    from !== 'INBOX' && `${folder.name}/`.startsWith(`${from}/`)
      ? { ...folder, name: to + folder.name.slice(from.length) }
      : folder,
  )

/** RFC 3501 6.3.5 */
export const rename = userCommand('RENAME', parseRename, async (session, { from, to }) => {
  await session.deps.store.renameFolder(session.mailbox, from, to)
  session.notify?.expect((folders) => renamed(folders, canonicalName(from), canonicalName(to)))
  await tellNormalised(session, to, from)
  // The inbox loses its messages, which its own session should hear of at once.
  session.selected?.demand()
  return ok('RENAME completed')
})
