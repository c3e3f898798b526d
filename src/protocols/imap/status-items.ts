/** What STATUS and LIST's RETURN (STATUS ...) answer of a folder (RFC 3501 6.3.10, RFC 5819, RFC 7162, RFC 7889, RFC 8438,
 * RFC 8474, RFC 9208). */
import { folderObjectId } from '../../mailbox/object-ids.ts'
import { lowerBound } from '../../mailbox/state-columns.ts'
import type { Folder, FolderSize } from '../../mailbox/types.ts'
import type { Arguments } from './arguments.ts'
import { enableCondstore } from './condstore.ts'
import { syntaxError } from './errors.ts'
import { speaksUtf8 } from './session.ts'
import type { UserSession } from './session.ts'
import { formatFolderName } from './strings.ts'

const ITEMS = [
  'MESSAGES',
  'RECENT',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
  'APPENDLIMIT',
  'HIGHESTMODSEQ',
  'SIZE',
  'DELETED',
  'DELETED-STORAGE',
  'MAILBOXID',
] as const

export type StatusItem = (typeof ITEMS)[number]

/** Those for which the messages are counted. */
const COUNTED: readonly StatusItem[] = ['SIZE', 'DELETED', 'DELETED-STORAGE']

export function parseStatusItems(args: Arguments): StatusItem[] {
  const items = args.list(() => {
    const word = args.word()
    return ITEMS.find((item) => item === word) ?? unknownItem()
  })
  if (items.length === 0) throw syntaxError('Missing status items')
  return [...new Set(items)]
}

function unknownItem(): never {
  throw syntaxError('Unknown status item')
}

/** Writes the untagged STATUS response of a folder. */
export type StatusWriter = (folder: Folder) => Promise<string>

/** What is counted is counted for all the folders at once. */
export async function statusWriter(
  session: UserSession,
  folders: readonly Folder[],
  items: readonly StatusItem[],
): Promise<StatusWriter> {
  if (items.includes('HIGHESTMODSEQ')) enableCondstore(session)
  const ids = items.some((item) => COUNTED.includes(item)) ? folders.map(({ id }) => id) : []
  const sizes = ids.length > 0 ? await session.deps.store.folderSizes(session.mailbox, ids) : new Map<string, FolderSize>()
  return async (folder) => {
    const values: string[] = []
    for (const item of items) values.push(`${item} ${await valueOf(session, folder, sizes.get(folder.id) ?? NOTHING, item)}`)
    return `* STATUS ${formatFolderName(folder.name, speaksUtf8(session))} (${values.join(' ')})`
  }
}

const NOTHING: FolderSize = { size: 0, deleted: 0, deletedSize: 0 }

async function valueOf(session: UserSession, folder: Folder, size: FolderSize, item: StatusItem): Promise<number | string> {
  switch (item) {
    case 'MESSAGES':
      return folder.total
    case 'RECENT':
      return countRecent(session, folder)
    case 'UIDNEXT':
      return folder.uidNext
    case 'UIDVALIDITY':
      return folder.uidValidity
    case 'UNSEEN':
      return folder.unseen
    case 'APPENDLIMIT':
      return session.deps.limits.append
    case 'HIGHESTMODSEQ':
      return folder.modseq
    case 'SIZE':
      return size.size
    case 'DELETED':
      return size.deleted
    case 'DELETED-STORAGE':
      return size.deletedSize
    case 'MAILBOXID':
      return `(${folderObjectId(folder.id)})`
  }
}

/** STATUS must not take \Recent away (RFC 3501 6.3.10). */
async function countRecent(session: UserSession, folder: Folder): Promise<number> {
  if (folder.total === 0) return 0
  const { columns, firstRecentUid } = await session.deps.store.open(session.mailbox, folder.name, false)
  return columns.count - lowerBound(columns, firstRecentUid)
}
