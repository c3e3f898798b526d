import { bad, noArguments, ok, userCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import type { UserSession } from '../session.ts'
import { tellNews, waitForNotification } from '../tell-news.ts'

const MAX_LINE = 1000

/** RFC 2177, and RFC 5465 4: changes are told as they come, until the client says DONE. */
export const idle = userCommand('IDLE', noArguments, async (session): Promise<Reply> => {
  session.output.line('+ idling')
  session.busy = false
  const end: End = {}
  const finished = readEnd(session, end)
  while (!end.outcome && !session.ended) {
    await tellNews(session, true)
    if (!end.outcome && !session.ended) await waitForNews(session, finished)
  }
  session.busy = true
  const { outcome } = end
  if (outcome && 'error' in outcome) throw outcome.error
  return outcome && outcome.line.trimEnd().toUpperCase() !== 'DONE' ? bad('Expected DONE') : ok('IDLE terminated')
})

/** What the client said to end it, or why it cannot say anything any more. */
interface End {
  outcome?: { readonly line: string } | { readonly error: unknown }
}

async function readEnd(session: UserSession, end: End): Promise<void> {
  try {
    end.outcome = { line: (await session.input.line(MAX_LINE)).text }
  } catch (error) {
    end.outcome = { error }
  }
  session.selected?.wake()
  session.notify?.wake()
}

/** Hints may be lost, so the folder is read again from time to time without one. */
async function waitForNews(session: UserSession, finished: Promise<void>): Promise<void> {
  const { selected, notify } = session
  if (notify) return notify.isSilent ? finished : waitForNotification(session, notify)
  if (!selected) return finished
  await selected.wait(session.deps.limits.idleReread)
  selected.hint()
}
