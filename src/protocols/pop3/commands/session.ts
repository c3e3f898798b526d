/** What is about the session itself. */
import { capabilitiesOf } from '../capabilities.ts'
import { listing, ok } from '../command.ts'
import type { Reply } from '../command.ts'
import { Mistake } from '../errors.ts'
import { closeMaildrop } from '../session.ts'
import type { Session } from '../session.ts'

/** RFC 2449 5 */
export const capa = ({ link, deps }: Session): Reply =>
  listing('Capabilities follow', async (output) => {
    for (const line of capabilitiesOf({ link, deps })) output.line(line)
  })

/** RFC 2595 4 */
export function stls({ link }: Session): Reply {
  if (link.secure) throw new Mistake('TLS is on already')
  return { ...ok('Begin TLS negotiation'), after: () => link.startTls() }
}

/**
 * RFC 1939 6: only here messages are removed, all or none; then the lock is given back, and only then the client hears of it, so that it
 * can come again at once.
 */
export async function quit(session: Session): Promise<Reply> {
  const { opened, deps } = session
  session.ended = true
  const uids = opened?.maildrop.deletedUids() ?? []
  try {
    if (opened && uids.length > 0) await deps.store.remove(opened.lease, opened.maildrop.folder, uids)
  } finally {
    await closeMaildrop(session)
  }
  return ok('Good-bye')
}
