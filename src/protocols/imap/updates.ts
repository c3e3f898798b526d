/** Tells the client what has changed in its selected folder: EXPUNGE or VANISHED, EXISTS, RECENT, flags (RFC 3501 5.2, 7.3, 7.4). */
import { messageLine } from './condstore.ts'
import { ConnectionClosed, TornText } from './errors.ts'
import { SYSTEM_FLAGS } from './flags.ts'
import { RECENT } from './message-list.ts'
import { Happening } from './notify-filters.ts'
import { isFolderGone } from './replies.ts'
import type { Selected } from './selected.ts'
import { bye, isFolderSession, speaksRev2, unselect } from './session.ts'
import type { FolderSession, Session } from './session.ts'
import { tellVanished } from './vanished.ts'

/**
 * Reads the changes if there was a hint, and tells them, as far as the client wants to hear of them. Without `tellExpunge` vanished messages keep
 * their numbers until a later call. A folder that is gone ends the session (RFC 2180 3.3); what else goes wrong is reported, and tried again at
 * the next chance.
 * @param wanted bits of `Happening`
 */
export async function tellUpdates(session: Session, tellExpunge: boolean, wanted = wantedOf(session)): Promise<void> {
  if (!isFolderSession(session)) return
  const { selected } = session
  const { list } = selected
  // A client that wants to hear of no messages keeps those that it knows, until it changes them itself.
  if (!selected.takeDemand() && (wanted & Happening.messages) === 0) return
  let flagged: readonly number[] = []
  let added: NewMessages = { count: 0, firstUid: 0 }
  if (selected.takeHint()) {
    const changes = await readChanges(session)
    if (!changes) return
    const seqs = session.enabled.has('CONDSTORE')
      ? [...changes.changed, ...changes.touched].sort((a, b) => a - b)
      : changes.changed
    flagged = seqs.map((seq) => list.uid(seq))
    added = { count: changes.added, firstUid: list.uid(list.count - changes.added + 1) }
  }
  if (tellExpunge) await tellRemoved(session)
  if (added.count > 0) {
    session.output.line(`* ${list.count} EXISTS`)
    if (!speaksRev2(session)) session.output.line(`* ${list.countWith(RECENT)} RECENT`)
  }
  tellKeywords(session)
  if ((wanted & Happening.flags) === 0) selected.flagsUntold ||= flagged.length > 0
  else await tellFlagged(session, flagged)
  if (added.count > 0) await describeNew(session, added.firstUid)
  if (!list.hasVanished && !selected.flagsUntold) selected.toldModseq = selected.cursor
}

interface NewMessages {
  readonly count: number
  readonly firstUid: number
}

const ALL = Happening.messages | Happening.flags

/** What the client wants to hear of its selected folder: all, until it says otherwise (RFC 5465 3.1). */
const wantedOf = ({ notify }: Session): number => (notify ? (notify.selected?.events ?? 0) : ALL)

/** All that has come together, whatever the client will want to hear from now on (RFC 5465 3.1). */
export async function tellAccumulated(session: Session): Promise<void> {
  session.selected?.hint()
  await tellUpdates(session, true, ALL)
}

async function tellFlagged(session: FolderSession, uids: readonly number[]): Promise<void> {
  const { selected, output } = session
  const { list } = selected
  const line = (seq: number): void => output.line(messageLine(session, list, seq, { uid: true, flags: true }))
  if (selected.flagsUntold) {
    // Which have changed is not kept, but when they did.
    for (let seq = 1; seq <= list.count; seq++) {
      if (list.modseq(seq) <= selected.toldModseq) continue
      line(seq)
      await output.relieve()
    }
    selected.flagsUntold = false
    return
  }
  for (const uid of uids) {
    const seq = list.seq(uid)
    if (seq > 0) line(seq)
    await output.relieve()
  }
}

/** Tells of new messages what the client wants to know of them, but not of those that it has added itself (RFC 5465 5.2). */
async function describeNew(session: FolderSession, firstUid: number): Promise<void> {
  const { selected, notify, deps, output } = session
  const { list, own } = selected
  const items = notify?.selected?.items ?? []
  let first = list.count + 1
  while (first > 1 && list.uid(first - 1) >= firstUid) first--
  const seqs: number[] = []
  for (let seq = first; items.length > 0 && seq <= list.count; seq++) if (!own.has(list.uid(seq))) seqs.push(seq)
  own.clear()
  if (!notify || seqs.length === 0) return
  try {
    await notify.describe(items, seqs)
  } catch (error) {
    if (error instanceof ConnectionClosed || error instanceof TornText) throw error
    // What could not be told now would be told too late: the client must look for itself (RFC 5465 5.8).
    deps.report(error)
    notify.silence()
    output.line('* OK [NOTIFICATIONOVERFLOW] Messages cannot be read now')
  }
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
  selected.demand()
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
