import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { refuseReadOnly } from '../read-only.ts'
import { orTryCreate } from '../replies.ts'
import { formatUidPairs } from '../sequence-set.ts'
import { parseTransfer, uidsOf } from '../transfer.ts'
import { tellRemovals } from '../updates.ts'

const moving = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseTransfer, async (session, { set, to }): Promise<Reply> => {
    const { selected, deps } = session
    refuseReadOnly(selected)
    const uids = uidsOf(selected, set, byUid)
    const moved = await orTryCreate(deps.store.move(session.mailbox, selected.folder.id, uids, to))
    if (moved.uids.length === 0) return ok('Nothing to move')
    const [source, destination] = formatUidPairs(moved.uids)
    // COPYUID comes before the EXPUNGE responses (RFC 6851 4.3).
    session.output.line(`* OK [COPYUID ${moved.uidValidity} ${source} ${destination}] Moved`)
    selected.list.vanish(moved.uids.map(([uid]) => uid))
    selected.added(
      to,
      moved.uids.map(([, uid]) => uid),
    )
    return ok(`${name} completed`, await tellRemovals(session))
  })

/** RFC 6851 */
export const move = moving('MOVE', false)
export const uidMove = moving('UID MOVE', true)
