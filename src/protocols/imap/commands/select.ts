import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { RECENT } from '../message-list.ts'
import { FolderWatch, Selected } from '../selected.ts'
import { unselect } from '../session.ts'
import type { UserSession } from '../session.ts'
import { tellFlags } from '../updates.ts'
import { Flag } from '../../../mailbox/types.ts'

function parseName(args: Arguments): string {
  args.space()
  return args.folderName()
}

async function open(session: UserSession, name: string, readOnly: boolean): Promise<Selected> {
  const { store } = session.deps
  // Watching comes first, so that no change falls between the snapshot and the first hint.
  const watch = new FolderWatch((listener) => store.watch(session.mailbox, listener))
  try {
    return new Selected(await store.open(session.mailbox, name, !readOnly), readOnly, watch)
  } catch (error) {
    watch.stop()
    throw error
  }
}

const selection = (command: string, readOnly: boolean): Command =>
  userCommand(command, parseName, async (session, name): Promise<Reply> => {
    // The folder selected before is left even if this one cannot be opened (RFC 3501 6.3.1).
    unselect(session)
    const selected = await open(session, name, readOnly)
    const { list, folder } = selected
    selected.toldKeywords = list.keywords.length
    tellFlags(selected, session.output)
    const unseen = list.firstWithout(Flag.seen)
    session.output.line(`* ${list.count} EXISTS`)
    session.output.line(`* ${list.countWith(RECENT)} RECENT`)
    if (unseen > 0) session.output.line(`* OK [UNSEEN ${unseen}] First unseen`)
    session.output.line(`* OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`)
    session.output.line(`* OK [UIDNEXT ${Math.max(folder.uidNext, list.lastUid + 1)}] Next UID`)
    session.selected = selected
    return ok(`${command} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE')
  })

/** RFC 3501 6.3.1 */
export const select = selection('SELECT', false)

/** RFC 3501 6.3.2 */
export const examine = selection('EXAMINE', true)
