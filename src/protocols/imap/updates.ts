/** Tells the client what has changed in its selected folder: EXPUNGE or VANISHED, EXISTS, RECENT, flags (RFC 3501 5.2, 7.3, 7.4). */
import { messageLine } from './condstore.ts'
import { TornText } from './errors.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import { SYSTEM_FLAGS } from './flags.ts'
import { endSession, loadList } from './loading.ts'
import type { ListChanges } from './message-list.ts'
import { Happening } from './notify-filters.ts'
import type { Notifications } from './notifications.ts'
import { isFolderGone } from './replies.ts'
import type { Selected } from './selected.ts'
import { isFolderSession, speaksRev2 } from './session.ts'
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
  // A client that wants to hear of no messages keeps those that it knows, until it changes them itself.
  if (!selected.takeDemand() && (wanted & Happening.messages) === 0) return
  // What has vanished is told by its numbers, and what a client asked for with NOTIFY may be anything.
  const needsList = selected.dormant && (session.notify || (tellExpunge && selected.dormant.hasVanished))
  if (needsList && (await attempt(session, () => loadList(session))) === FAILED) return
  let flagged: readonly number[] = []
  let added = 0
  const knownUid = selected.summary.highestUid
  if (selected.takeHint()) {
    const changes = await attempt(session, () => readChanges(session))
    if (changes === FAILED) return
    const seqs = session.enabled.has('CONDSTORE')
      ? [...changes.changed, ...changes.touched].sort((a, b) => a - b)
      : changes.changed
    flagged = seqs.map((seq) => selected.list.uid(seq))
    added = changes.added
  }
  if (tellExpunge && selected.summary.hasVanished) await tellRemoved(session)
  const { summary } = selected
  if (added > 0) {
    session.output.line(`* ${summary.count} EXISTS`)
    if (!speaksRev2(session)) session.output.line(`* ${summary.recent} RECENT`)
  }
  tellKeywords(session)
  if ((wanted & Happening.flags) === 0) selected.flagsUntold ||= flagged.length > 0
  else if (flagged.length > 0 || selected.flagsUntold) await tellFlagged(session, flagged)
  if (added > 0 && session.notify) await describeNew(session, session.notify, knownUid)
  if (added > 0) selected.own.clear()
  if (!selected.summary.hasVanished && !selected.flagsUntold) selected.toldModseq = selected.cursor
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
async function describeNew(session: FolderSession, notify: Notifications, knownUid: number): Promise<void> {
  const { selected, deps, output } = session
  const { list, own } = selected
  const items = notify.selected?.items ?? []
  const seqs: number[] = []
  for (let seq = list.count; items.length > 0 && seq > 0 && list.uid(seq) > knownUid; seq--)
    if (!own.has(list.uid(seq))) seqs.push(seq)
  if (seqs.length === 0) return
  try {
    await notify.describe(items, seqs.toReversed())
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

/** Takes over what has changed. A list that is not in memory stays out of it where there are only new messages. */
async function readChanges(session: FolderSession): Promise<Omit<ListChanges, 'newKeywords'>> {
  const { selected, deps } = session
  const changes = await deps.store.changes(session.mailbox, selected.folder.id, selected.cursor)
  const added = changes.changed.length
  const isAbsorbed = selected.dormant?.absorb(changes) === true
  if (!isAbsorbed) await loadList(session)
  selected.cursor = changes.modseq
  return isAbsorbed || session.ended ? { changed: [], touched: [], added } : selected.list.apply(changes)
}

const FAILED = Symbol('failed')

/** Reads of the folder; if it is gone the session has ended then, and what else goes wrong will be tried again at the next chance. */
async function attempt<T>(session: FolderSession, work: () => Promise<T>): Promise<T | typeof FAILED> {
  const { selected, deps } = session
  try {
    const result = await work()
    return session.ended ? FAILED : result
  } catch (error) {
    if (isFolderGone(error)) endSession(session, 'The selected folder was removed')
    else {
      deps.report(error)
      selected.hintAgain()
    }
    return FAILED
  }
}

/** FLAGS and PERMANENTFLAGS once there are keywords that the client was not told of. */
export function tellKeywords({ selected, output }: FolderSession): void {
  const { keywords } = selected.summary
  if (keywords.length === selected.toldKeywords) return
  selected.toldKeywords = keywords.length
  tellFlags(selected, output)
}

/** The flags of the folder, and those that the client may set: all, and keywords of its own. */
export function tellFlags({ summary, readOnly }: Selected, output: Session['output']): void {
  const known = [...SYSTEM_FLAGS, ...summary.keywords].join(' ')
  output.line(`* FLAGS (${known})`)
  output.line(readOnly ? '* OK [PERMANENTFLAGS ()] Read-only' : `* OK [PERMANENTFLAGS (${known} \\*)] Flags kept`)
}
