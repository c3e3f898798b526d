import { folderObjectId } from '../../../mailbox/object-ids.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore, messageLine, tellHighest } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { tellSelected } from '../list-response.ts'
import { RECENT } from '../message-list.ts'
import { parseSelectParameters } from '../select-parameters.ts'
import type { Resync, SelectParameters } from '../select-parameters.ts'
import { FolderWatch, Selected } from '../selected.ts'
import { resolveRanges } from '../sequence-set.ts'
import { speaksRev2, unselect } from '../session.ts'
import type { UserSession } from '../session.ts'
import { tellFlags } from '../updates.ts'
import { tellVanishedEarlier } from '../vanished.ts'
import { Flag } from '../../../mailbox/types.ts'

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
      const snapshot = await store.open(session.mailbox, name, false)
      return new Selected({ ...snapshot, firstRecentUid: Infinity }, readOnly, watch)
    }
    return new Selected(await store.open(session.mailbox, name, !readOnly), readOnly, watch)
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
    const { list, folder } = selected
    selected.toldKeywords = list.keywords.length
    tellFlags(selected, session.output)
    session.output.line(`* ${list.count} EXISTS`)
    if (!speaksRev2(session)) tellRev1(session, list)
    session.output.line(`* OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`)
    session.output.line(`* OK [UIDNEXT ${selected.lastUid + 1}] Next UID`)
    tellHighest(session, selected, 'Highest')
    session.output.line(`* OK [MAILBOXID (${folderObjectId(folder.id)})] Ok`)
    await tellSelected(session, name)
    session.selected = selected
    if (resync && resync.uidValidity === folder.uidValidity) await resynchronise(session, selected, resync)
    return ok(`${command} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE')
  })

/** What IMAP4rev2 has no more (RFC 9051 E). */
function tellRev1({ output }: UserSession, list: Selected['list']): void {
  const unseen = list.firstWithout(Flag.seen)
  output.line(`* ${list.countWith(RECENT)} RECENT`)
  if (unseen > 0) output.line(`* OK [UNSEEN ${unseen}] First unseen`)
}

/** What has changed since the client was here last (RFC 7162 3.2.5.1). A modseq that was never given is that of a store that has been restored. */
async function resynchronise(session: UserSession, selected: Selected, { modseq, known, match }: Resync): Promise<void> {
  const { list } = selected
  const since = modseq > selected.cursor ? 0 : modseq
  const ranges = resolveRanges(known ?? [[1, Infinity]], selected.lastUid)
  try {
    await tellVanishedEarlier(session, selected, { known: ranges, since, match })
  } catch (error) {
    // The command fails, so no folder is selected.
    unselect(session)
    throw error
  }
  for (const seq of list.seqsOfUids(ranges)) {
    if (list.modseq(seq) > since) session.output.line(messageLine(session, list, seq, { uid: true, flags: true }))
    await session.output.relieve()
  }
}

/** RFC 3501 6.3.1 */
export const select = selection('SELECT', false)

/** RFC 3501 6.3.2 */
export const examine = selection('EXAMINE', true)
