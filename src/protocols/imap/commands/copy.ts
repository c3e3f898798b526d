import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { orTryCreate } from '../replies.ts'
import { formatUidPairs } from '../sequence-set.ts'
import { parseTransfer, uidsOf } from '../transfer.ts'

const copying = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseTransfer, async (session, { set, to }): Promise<Reply> => {
    const { selected, deps } = session
    const uids = uidsOf(selected, set, byUid)
    const copied = await orTryCreate(deps.store.copy(session.mailbox, selected.folder.id, uids, to))
    if (copied.uids.length === 0) return ok('Nothing to copy')
    // Into the folder itself: these are new messages of it.
    selected.added(
      to,
      copied.uids.map(([, uid]) => uid),
    )
    const [source, destination] = formatUidPairs(copied.uids)
    return ok(`${name} completed`, `COPYUID ${copied.uidValidity} ${source} ${destination}`)
  })

/** RFC 3501 6.4.7, with COPYUID (RFC 4315 3). */
export const copy = copying('COPY', false)
export const uidCopy = copying('UID COPY', true)
