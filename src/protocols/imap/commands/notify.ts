import { no, ok, userCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { Notifications } from '../notifications.ts'
import { eventsOf, Happening } from '../notify-filters.ts'
import { parseNotify } from '../notify-request.ts'
import type { NotifyRequest } from '../notify-request.ts'
import { isFolderSession } from '../session.ts'
import type { UserSession } from '../session.ts'
import { statusLine, tellChanges } from '../tell-news.ts'
import { tellAccumulated } from '../updates.ts'
import { respond } from './fetch.ts'

/** Clients that hear of messages at any time know them by their UIDs (RFC 5465 5.3). */
const UID = { kind: 'uid' } as const

/** RFC 5465: what the client wants to hear unasked, until it says otherwise. */
export const notify = userCommand('NOTIFY', parseNotify, async (session, request): Promise<Reply> => {
  const { store, limits } = session.deps
  const notifications = new Notifications(request, {
    watch: (listener) => store.watch(session.mailbox, listener),
    async describe(items, seqs) {
      if (!isFolderSession(session)) return
      const withUid = items.some(({ kind }) => kind === 'uid') ? items : [UID, ...items]
      await respond(session, withUid, seqs)
    },
    pause: limits.notifyPause,
  })
  try {
    if (request.groups.length === 0) take(session, notifications)
    else if (!(await begin(session, notifications, request))) return no('Too many folders', 'NOTIFICATIONOVERFLOW')
  } finally {
    // Whoever fails leaves all as it was.
    if (session.notify !== notifications) notifications.close()
  }
  if (!notifications.isSilent) await tellAccumulated(session)
  return ok('NOTIFY completed')
})

function take(session: UserSession, notifications: Notifications): void {
  session.notify?.close()
  session.notify = notifications
}

/** Takes down how the folders are, tells what has come together since the client was last told, and how they are if it asks. */
async function begin(session: UserSession, notifications: Notifications, { status }: NotifyRequest): Promise<boolean> {
  const { selected, output, deps, notify: before } = session
  const folders = await deps.store.folders(session.mailbox)
  if (folders.length > deps.limits.notifyFolders) return false
  take(session, notifications)
  if (before && before.known.size > 0) {
    notifications.know([...before.known.values()])
    await tellChanges(session, notifications, folders)
  } else notifications.know(folders)
  for (const folder of status ? folders : []) {
    const events = eventsOf(notifications.groups, folder)
    if (folder.id === selected?.folder.id || (events & Happening.messages) === 0) continue
    // A client that wants to hear of flags may count on the modseq (RFC 5465 3.1).
    const withModseq = session.enabled.has('CONDSTORE') || (events & Happening.flags) !== 0
    output.line(statusLine(session, folder, withModseq))
    await output.relieve()
  }
  return true
}
