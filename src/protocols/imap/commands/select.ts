import { folderObjectId } from '../../../mailbox/object-ids.ts'
import type { Arguments } from '../arguments.ts'
import { no, ok, userCommand } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore, messageLine, tellHighest } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { tellSelected } from '../list-response.ts'
import { loadList } from '../loading.ts'
import { parseSelectParameters } from '../select-parameters.ts'
import type { Resync, SelectParameters } from '../select-parameters.ts'
import { FolderWatch, Selected } from '../selected.ts'
import { resolveRanges } from '../sequence-set.ts'
import { isFolderSession, speaksRev2, unselect } from '../session.ts'
import type { FolderSession, UserSession } from '../session.ts'
import { tellFlags, tellKeywords } from '../updates.ts'
import { tellVanishedEarlier } from '../vanished.ts'

interface Request extends SelectParameters {
  readonly name: string
}

function parseSelect(args: Arguments): Request {
  args.space()
  const name = args.folderName()
  const parameters =
    args.accept(' ') && args.peek() === '(' ? parseSelectParameters(args) : { condstore: false, resync: undefined }
  return { name, ...parameters }
}

async function open(session: UserSession, name: string, readOnly: boolean): Promise<Selected> {
  const { store } = session.deps
  // Watching comes first, so that no change falls between the snapshot and the first hint.
  const watch = new FolderWatch((listener) => store.watch(session.mailbox, listener))
  try {
    // Who speaks IMAP4rev2 knows no \Recent, and leaves it to others.
    if (speaksRev2(session)) {
      const entry = await store.enter(session.mailbox, name, false)
      return new Selected({ ...entry, firstRecentUid: Infinity, recent: 0 }, readOnly, watch)
    }
    return new Selected(await store.enter(session.mailbox, name, !readOnly), readOnly, watch)
  } catch (error) {
    watch.stop()
    throw error
  }
}

const selection = (command: string, readOnly: boolean): Command =>
  userCommand(command, parseSelect, async (session, { name, condstore, resync }): Promise<Reply> => {
    if (resync && !session.enabled.has('QRESYNC')) throw syntaxError('Enable QRESYNC first')
    // The folder selected before is left even if this one cannot be opened (RFC 3501 6.3.1).
    if (session.selected) session.output.line('* OK [CLOSED] Previous folder closed')
    unselect(session)
    if (condstore) enableCondstore(session)
    const selected = await open(session, name, readOnly)
    const { summary, folder } = selected
    // Keywords are told once messages are, for what SELECT costs must not grow with the folder.
    tellFlags(selected, session.output)
    session.output.line(`* ${summary.count} EXISTS`)
    if (!speaksRev2(session)) tellRev1(session, selected)
    session.output.line(`* OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`)
    session.output.line(`* OK [UIDNEXT ${selected.lastUid + 1}] Next UID`)
    tellHighest(session, selected, 'Highest')
    session.output.line(`* OK [MAILBOXID (${folderObjectId(folder.id)})] Ok`)
    await tellSelected(session, name)
    session.selected = selected
    if (resync && resync.uidValidity === folder.uidValidity && isFolderSession(session)) await resynchronise(session, resync)
    if (session.ended) return no('The folder was removed')
    return ok(`${command} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE')
  })

/** What IMAP4rev2 has no more (RFC 9051 E). */
function tellRev1({ output }: UserSession, { summary, folder }: Selected): void {
  output.line(`* ${summary.recent} RECENT`)
  // Which is the first where some are seen a client can search for (RFC 3501 6.3.1); it is not looked for unasked.
  if (folder.unseen > 0 && folder.unseen === folder.total) output.line('* OK [UNSEEN 1] First unseen')
}

/** What has changed since the client was here last (RFC 7162 3.2.5.1). A modseq that was never given is that of a store that has been restored. */
async function resynchronise(session: FolderSession, { modseq, known, match }: Resync): Promise<void> {
  const { selected } = session
  const since = modseq > selected.cursor ? 0 : modseq
  if (since === selected.cursor) return
  const ranges = resolveRanges(known ?? [[1, Infinity]], selected.lastUid)
  try {
    await loadList(session)
    if (session.ended) return
    tellKeywords(session)
    await tellVanishedEarlier(session, selected, { known: ranges, since, match })
  } catch (error) {
    // The command fails, so no folder is selected.
    unselect(session)
    throw error
  }
  const { list } = selected
  for (const seq of list.seqsOfUids(ranges)) {
    // What has changed since the folder was entered will be told next.
    if (list.modseq(seq) > since && !list.isUntold(seq))
      session.output.line(messageLine(session, list, seq, { uid: true, flags: true }))
    await session.output.relieve()
  }
}

/** RFC 3501 6.3.1 */
export const select = selection('SELECT', false)

/** RFC 3501 6.3.2 */
export const examine = selection('EXAMINE', true)
