/** What STATUS and LIST's RETURN (STATUS ...) answer of a folder (RFC 3501 6.3.10, RFC 5819, RFC 7162, RFC 7889, RFC 8438,
 * RFC 8474, RFC 9208). */
import { folderObjectId } from '../../mailbox/object-ids.ts'
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

/** The untagged STATUS response of a folder. */
export type StatusWriter = (folder: Folder) => string

/** What is counted is counted for all the folders at once. STATUS does not take \Recent away (RFC 3501 6.3.10). */
export async function statusWriter(
  session: UserSession,
  folders: readonly Folder[],
  items: readonly StatusItem[],
): Promise<StatusWriter> {
  const { deps, mailbox } = session
  if (items.includes('HIGHESTMODSEQ')) enableCondstore(session)
  const ids = folders.map(({ id }) => id)
  const counted = ids.length > 0 && items.some((item) => COUNTED.includes(item))
  const sizes = counted ? await deps.store.folderSizes(mailbox, ids) : new Map<string, FolderSize>()
  const recent = items.includes('RECENT') ? await deps.store.recentCounts(mailbox, ids) : new Map<string, number>()
  return (folder) => {
    const known = {
      folder,
      size: sizes.get(folder.id) ?? NOTHING,
      recent: recent.get(folder.id) ?? 0,
      append: deps.limits.append,
    }
    const values = items.map((item) => `${item} ${valueOf(known, item)}`)
    return `* STATUS ${formatFolderName(folder.name, speaksUtf8(session))} (${values.join(' ')})`
  }
}

const NOTHING: FolderSize = { size: 0, deleted: 0, deletedSize: 0 }

interface Known {
  readonly folder: Folder
  readonly size: FolderSize
  readonly recent: number
  /** the largest message that may be appended */
  readonly append: number
}

function valueOf({ folder, size, recent, append }: Known, item: StatusItem): number | string {
  switch (item) {
    case 'MESSAGES':
      return folder.total
    case 'RECENT':
      return recent
    case 'UIDNEXT':
      return folder.uidNext
    case 'UIDVALIDITY':
      return folder.uidValidity
    case 'UNSEEN':
      return folder.unseen
    case 'APPENDLIMIT':
      return append
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
