/**
 * Tells a client what it wants to hear while it says nothing, or idles (RFC 5465). Nothing is told once a command has begun to come, nor while
 * one is at work beyond what that command tells itself; so no response is ever cut in two, and a client that keeps numbers can keep them.
 */
import { tellBehind } from './condstore.ts'
import { listNames } from './folder-listing.ts'
import type { ListedName } from './folder-listing.ts'
import { formatListed } from './list-response.ts'
import { eventsOf, Happening } from './notify-filters.ts'
import { compareFolders } from './notify-folders.ts'
import type { FolderNews } from './notify-folders.ts'
import type { Notifications } from './notifications.ts'
import { bye, isUserSession, speaksUtf8 } from './session.ts'
import type { Session, UserSession } from './session.ts'
import { formatFolderName } from './strings.ts'
import { tellUpdates } from './updates.ts'
import type { Folder } from '../../mailbox/types.ts'

/** Between two commands: tells news as they come, until the client speaks or the session ends. Only for clients that have asked with NOTIFY. */
export async function tellWhileWaiting(session: Session): Promise<void> {
  const { input } = session
  while (isUserSession(session) && session.notify && !session.notify.isSilent && !session.ended && !input.ready) {
    await tellNews(session, session.notify.selected?.delayed === false)
    if (session.ended || input.ready) return
    const ready = input.untilReady().then(() => session.notify?.wake())
    await Promise.race([ready, waitForNotification(session, session.notify)])
  }
}

/** Waits for something to tell. Hints may be lost, so all is read again from time to time without one. */
export async function waitForNotification({ selected, deps }: Session, notify: Notifications): Promise<void> {
  if (!(await notify.wait(deps.limits.idleReread))) return
  selected?.hint()
  notify.hint()
}

/** Tells what has changed, and says good-bye if that was asked for meanwhile: it must not come within a response. */
export async function tellNews(session: UserSession, tellExpunge: boolean): Promise<void> {
  session.busy = true
  await tellSelected(session, tellExpunge)
  if (!session.ended && session.notify) await tellFolders(session, session.notify)
  if (session.closing !== undefined && !session.ended) bye(session, session.closing)
  await session.output.flush()
  session.busy = false
}

async function tellSelected(session: UserSession, tellExpunge: boolean): Promise<void> {
  const { selected } = session
  const before = selected?.summary.highestModseq
  await tellUpdates(session, tellExpunge)
  // How far back the client is need not be said again while nothing more was told.
  if (selected && !selected.flagsUntold && (selected.summary.highestModseq !== before || !selected.summary.hasVanished))
    tellBehind(session)
}

async function tellFolders(session: UserSession, notify: Notifications): Promise<void> {
  const { deps, mailbox, output } = session
  if (notify.groups.length === 0 || !notify.takeHint()) return
  let folders: readonly Folder[]
  try {
    folders = await deps.store.folders(mailbox)
  } catch (error) {
    // Tried again at the next hint, or in a while.
    deps.report(error)
    return
  }
  if (folders.length > deps.limits.notifyFolders) {
    notify.silence()
    output.line('* OK [NOTIFICATIONOVERFLOW] Too many folders')
    return
  }
  await tellChanges(session, notify, folders)
}

/** Tells how the folders differ from those that the client knows: LIST for names, STATUS for messages. */
export async function tellChanges(session: UserSession, notify: Notifications, folders: readonly Folder[]): Promise<void> {
  const { selected, output } = session
  const { known } = notify
  const news = compareFolders(known, folders)
  // What is in the selected folder is told as such. What it was not told yet must be told once it is left.
  notify.know(
    folders.map((folder) => (folder.id === selected?.folder.id ? withTold(folder, known, selected.toldModseq) : folder)),
  )
  for (const line of listLines(session, notify, news, folders)) output.line(line)
  for (const { before, after } of news.changed) {
    if (after.id === selected?.folder.id) continue
    const line = changeLine(session, before, after, eventsOf(notify.groups, after))
    if (line !== undefined) output.line(line)
    await output.relieve()
  }
  for (const folder of news.made) {
    // A new folder is empty, and one that took the name of another has a UIDVALIDITY of its own (RFC 5465 5.1).
    const isNews = folder.uidNext > 1 || news.removed.some(({ name }) => name === folder.name)
    if (isNews && isWatched(eventsOf(notify.groups, folder))) output.line(statusLine(session, folder))
  }
}

function withTold(folder: Folder, known: ReadonlyMap<string, Folder>, toldModseq: number): Folder {
  const before = known.get(folder.id)
  if (!before || folder.modseq <= toldModseq) return folder
  const { modseq, uidNext, total, unseen } = before
  return { ...folder, modseq, uidNext, total, unseen }
}

const isWatched = (events: number): boolean => (events & (Happening.messages | Happening.flags)) !== 0

/** RFC 5465 5.4, 5.5: each name once, as it is now; those that are gone first, for others may have their names. */
function* listLines(
  session: UserSession,
  { groups }: Notifications,
  news: FolderNews,
  folders: readonly Folder[],
): Generator<string> {
  const names = new Map<string, ListedName>()
  const { removed, made, renamed, renamedWithin, subscriptions, parents } = news
  if (removed.length + made.length + renamed.length + subscriptions.length === 0) return
  for (const listed of listNames(folders)) names.set(listed.name, listed)
  const told = new Set<string>()
  const line = (name: string, extended?: string): string => {
    told.add(name)
    const listed = names.get(name) ?? { name, folder: undefined, hasChildren: false, subscribed: false }
    return formatListed(session, listed, { showSubscribed: true, extended })
  }
  const wants = (folder: Pick<Folder, 'name' | 'subscribed'>, happening: number): boolean =>
    (eventsOf(groups, folder) & happening) !== 0
  const either = Happening.names | Happening.subscriptions

  for (const folder of removed) {
    if (!wants(folder, folder.subscribed ? either : Happening.names)) continue
    const hasChildren = names.get(folder.name)?.hasChildren ?? false
    const gone = { name: folder.name, folder: undefined, hasChildren, subscribed: folder.subscribed }
    yield formatListed(session, gone, { showSubscribed: true })
  }
  const carried = new Set<string>()
  for (const { before, after } of [...renamed, ...renamedWithin]) {
    if (!wants(before, Happening.names) && !wants(after, Happening.names)) continue
    // What lies below a folder is renamed with it, and needs no word (RFC 5465 5.4).
    if (renamedWithin.some((pair) => pair.after === after) && isBelow(after.name, carried)) continue
    carried.add(after.name)
    yield line(after.name, `"OLDNAME" (${formatFolderName(before.name, speaksUtf8(session))})`)
  }
  for (const folder of made) if (wants(folder, folder.subscribed ? either : Happening.names)) yield line(folder.name)
  for (const { before, after } of subscriptions) {
    const wanted = wants(before, Happening.subscriptions) || wants(after, Happening.subscriptions)
    if (wanted && !told.has(after.name)) yield line(after.name)
  }
  for (const name of parents) {
    const subscribed = names.get(name)?.folder?.subscribed ?? false
    if (!told.has(name) && wants({ name, subscribed }, Happening.names)) yield line(name)
  }
}

const isBelow = (name: string, above: ReadonlySet<string>): boolean => [...above].some((one) => name.startsWith(`${one}/`))

/** RFC 5465 5.1-5.3: the STATUS response of a folder that is not selected, undefined if nothing of it is to be told. */
function changeLine(session: UserSession, before: Folder, after: Folder, events: number): string | undefined {
  const counted = before.uidNext !== after.uidNext || before.total !== after.total
  if (counted && (events & Happening.messages) !== 0) return statusLine(session, after)
  if ((events & Happening.flags) === 0) return undefined
  // Without modseqs a client can be told only how many messages are \Seen.
  const unseen = before.unseen === after.unseen ? [] : [`UNSEEN ${after.unseen}`]
  const modseq = session.enabled.has('CONDSTORE') ? [`HIGHESTMODSEQ ${after.modseq}`] : []
  const items = [...unseen, ...modseq]
  return items.length === 0 ? undefined : formatStatus(session, after, items)
}

/** All that is told of a folder's messages. */
export function statusLine(session: UserSession, folder: Folder, withModseq: boolean = session.enabled.has('CONDSTORE')): string {
  const { total, uidNext, unseen, modseq } = folder
  const items = [`MESSAGES ${total}`, `UIDNEXT ${uidNext}`, `UNSEEN ${unseen}`]
  return formatStatus(session, folder, withModseq ? [...items, `HIGHESTMODSEQ ${modseq}`] : items)
}

function formatStatus(session: UserSession, { name, uidValidity }: Folder, items: readonly string[]): string {
  return `* STATUS ${formatFolderName(name, speaksUtf8(session))} (UIDVALIDITY ${uidValidity} ${items.join(' ')})`
}
