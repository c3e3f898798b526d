/** Folder names: Unicode, levels separated by "/", INBOX in any case is the inbox. */
import { clientError } from '../base/errors.ts'
import type { NewFolder } from './folder-queries.ts'

/** The folders that every mailbox starts with, named for Italian holders, told to clients by special use (RFC 6154). */
export const STANDARD_FOLDERS: readonly NewFolder[] = [
  { name: 'INBOX', specialUse: null },
  { name: 'Bozze', specialUse: '\\Drafts' },
  { name: 'Inviati', specialUse: '\\Sent' },
  { name: 'Archivio', specialUse: '\\Archive' },
  { name: 'Posta indesiderata', specialUse: '\\Junk' },
  { name: 'Cestino', specialUse: '\\Trash' },
]

const LONGEST_NAME = 200
const DEEPEST_LEVEL = 10

/** INBOX in its one spelling, also as the first level of a path (RFC 3501 5.1); composed characters in the one form that all names have (NFC). */
export function canonicalName(name: string): string {
  const [first = '', ...rest] = name.normalize('NFC').split('/')
  return [first.toUpperCase() === 'INBOX' ? 'INBOX' : first, ...rest].join('/')
}

/**
 * The name under which a folder may be made.
 * @throws `bad-folder-name` with what is wrong
 */
export function checkedName(name: string): string {
  const canonical = canonicalName(name.replace(/\/$/, ''))
  const levels = canonical.split('/')
  if (levels.some((level) => level.trim() === ''))
    throw clientError('bad-folder-name', 'A folder name must not have an empty level')
  if (canonical.length > LONGEST_NAME || levels.length > DEEPEST_LEVEL)
    throw clientError('bad-folder-name', 'The folder name is too long')
  // RFC 6855 3: also the control characters and line ends that only Unicode has.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029*%]/.test(canonical))
    throw clientError('bad-folder-name', 'A folder name must not have control characters, * or %')
  return canonical
}

/** The names of all levels above a folder. */
export function parentsOf(name: string): string[] {
  const levels = name.split('/')
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join('/'))
}
