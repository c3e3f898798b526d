/** What STATUS and LIST's RETURN (STATUS ...) answer of a folder (RFC 3501 6.3.10, RFC 5819, RFC 7889). */
import { lowerBound } from '../../mailbox/state-columns.ts'
import type { Folder } from '../../mailbox/types.ts'
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { UserSession } from './session.ts'
import { formatFolderName } from './strings.ts'

const ITEMS = ['MESSAGES', 'RECENT', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN', 'APPENDLIMIT'] as const

export type StatusItem = (typeof ITEMS)[number]

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

/** The untagged STATUS response. */
export async function formatStatus(session: UserSession, folder: Folder, items: readonly StatusItem[]): Promise<string> {
  const values: string[] = []
  for (const item of items) values.push(`${item} ${await valueOf(session, folder, item)}`)
  return `* STATUS ${formatFolderName(folder.name)} (${values.join(' ')})`
}

async function valueOf(session: UserSession, folder: Folder, item: StatusItem): Promise<number> {
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
  }
}

/** STATUS must not take \Recent away (RFC 3501 6.3.10). */
async function countRecent(session: UserSession, folder: Folder): Promise<number> {
  if (folder.total === 0) return 0
  const { columns, firstRecentUid } = await session.deps.store.open(session.mailbox, folder.name, false)
  return columns.count - lowerBound(columns, firstRecentUid)
}
