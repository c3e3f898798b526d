/** Tells the client what has changed in its selected folder: EXPUNGE or VANISHED, EXISTS, RECENT, flags (RFC 3501 5.2, 7.3, 7.4). */
import { messageLine } from './condstore.ts'
import { SYSTEM_FLAGS } from './flags.ts'
import { RECENT } from './message-list.ts'
import { isFolderGone } from './replies.ts'
import type { Selected } from './selected.ts'
import { bye, isFolderSession, speaksRev2, unselect } from './session.ts'
import type { FolderSession, Session } from './session.ts'
import { tellVanished } from './vanished.ts'

/**
 * Reads the changes if there was a hint, and tells them. Without `tellExpunge` vanished messages keep their numbers until a later call.
 * A folder that is gone ends the session (RFC 2180 3.3); what else goes wrong is reported, and tried again at the next chance.
 */
export async function tellUpdates(session: Session, tellExpunge: boolean): Promise<void> {
  if (!isFolderSession(session)) return
  const { selected } = session
  const { list } = selected
  let flagged: readonly number[] = []
  let added = 0
  if (selected.takeHint()) {
    const changes = await readChanges(session)
    if (!changes) return
    const seqs = session.enabled.has('CONDSTORE')
      ? [...changes.changed, ...changes.touched].sort((a, b) => a - b)
      : changes.changed
    flagged = seqs.map((seq) => list.uid(seq))
    added = changes.added
  }
  if (tellExpunge) await tellRemoved(session)
  if (added > 0) {
    session.output.line(`* ${list.count} EXISTS`)
    if (!speaksRev2(session)) session.output.line(`* ${list.countWith(RECENT)} RECENT`)
  }
  tellKeywords(session)
  for (const uid of flagged) {
    const seq = list.seq(uid)
    if (seq > 0) session.output.line(messageLine(session, list, seq, { uid: true, flags: true }))
    await session.output.relieve()
  }
  if (!list.hasVanished) selected.toldModseq = selected.cursor
}

async function tellRemoved(session: FolderSession): Promise<void> {
  const { seqs, uids } = session.selected.list.takeVanished()
  if (session.enabled.has('QRESYNC')) return tellVanished(session, uids)
  for (const seq of seqs) {
    session.output.line(`* ${seq} EXPUNGE`)
    await session.output.relieve()
  }
}

/**
 * After messages were removed: tells all changes, and answers the response code of the modseq up to which they are told, for clients that follow
 * it (RFC 7162 3.2.7, RFC 6851 4.4).
 */
export async function tellRemovals(session: FolderSession): Promise<string | null> {
  const { selected } = session
  selected.hint()
  await tellUpdates(session, true)
  return session.enabled.has('CONDSTORE') ? `HIGHESTMODSEQ ${selected.toldModseq}` : null
}

async function readChanges(session: FolderSession): Promise<ReturnType<Selected['list']['apply']> | undefined> {
  const { selected, deps } = session
  try {
    const changes = await deps.store.changes(session.mailbox, selected.folder.id, selected.cursor)
    selected.cursor = changes.modseq
    return selected.list.apply(changes)
  } catch (error) {
    if (isFolderGone(error)) {
      unselect(session)
      bye(session, 'The selected folder was removed')
    } else {
      deps.report(error)
      selected.hint()
    }
    return undefined
  }
}

/** FLAGS and PERMANENTFLAGS once there are keywords that the client was not told of. */
export function tellKeywords({ selected, output }: FolderSession): void {
  const { keywords } = selected.list
  if (keywords.length === selected.toldKeywords) return
  selected.toldKeywords = keywords.length
  tellFlags(selected, output)
}

/** The flags of the folder, and those that the client may set: all, and keywords of its own. */
export function tellFlags({ list, readOnly }: Selected, output: Session['output']): void {
  const known = [...SYSTEM_FLAGS, ...list.keywords].join(' ')
  output.line(`* FLAGS (${known})`)
  output.line(readOnly ? '* OK [PERMANENTFLAGS ()] Read-only' : `* OK [PERMANENTFLAGS (${known} \\*)] Flags kept`)
}
