/** Brings the list of a selected folder into memory, once a command or a change needs it (`DormantList`). */
import { CeralaccaError } from '../../base/errors.ts'
import type { Vanished } from '../../mailbox/types.ts'
import { isFolderGone } from './replies.ts'
import { bye, unselect } from './session.ts'
import type { FolderSession } from './session.ts'

/**
 * The list as the client was told of it. A folder that is gone ends the session (RFC 2180 3.3), and so does one of which the store has
 * forgotten what went since the session last read it: a wrong number would be a lie. Other errors are thrown; then nothing has changed.
 */
export async function loadList(session: FolderSession): Promise<void> {
  const { selected } = session
  if (selected.isLoaded) return
  try {
    if (!(await wake(session))) endSession(session, 'The selected folder has changed too much meanwhile')
  } catch (error) {
    if (!isFolderGone(error)) throw error
    endSession(session, 'The selected folder was removed')
  }
}

/** In this order: what goes between the two reads is in both, and what went before the first is in the second. */
async function wake({ deps: { store, report }, mailbox, selected }: FolderSession): Promise<boolean> {
  const { folder, cursor, summary } = selected
  // What the session has changed itself it knows already, though the cursor lies before it.
  const states = await store.states(mailbox, folder.id, Math.max(cursor, summary.highestModseq))
  const isOld = states.modseq !== cursor || summary.hasVanished
  const gone = isOld ? await store.vanished(mailbox, folder.id, cursor) : NOTHING
  if (selected.wakeList(states, gone.uids)) return true
  if (gone.complete) report(new CeralaccaError('imap-list', 'bug', 'the list of messages cannot be made again'))
  return false
}

const NOTHING: Vanished = { uids: [], complete: true }

/** The session cannot go on with its folder. */
export function endSession(session: FolderSession, text: string): void {
  unselect(session)
  bye(session, text)
}
