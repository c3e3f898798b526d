import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { syntaxError } from '../errors.ts'
import { listNames, patternMatcher } from '../folder-listing.ts'
import type { ListedName, Matcher } from '../folder-listing.ts'
import type { UserSession } from '../session.ts'
import { formatStatus, parseStatusItems } from '../status-items.ts'
import type { StatusItem } from '../status-items.ts'
import { formatFolderName } from '../strings.ts'

type Selection = 'SUBSCRIBED' | 'SPECIAL-USE'

interface Request {
  /** what a name must be to be listed */
  readonly selections: readonly Selection[]
  /** also names with a descendant that is */
  readonly recursive: boolean
  readonly reference: string
  readonly patterns: readonly string[]
  /** the client asks for the name of the root and the separator */
  readonly root: boolean
  readonly showSubscribed: boolean
  readonly status: readonly StatusItem[]
}

const MAX_PATTERNS = 20

function parseList(args: Arguments): Request {
  args.space()
  const options = args.peek() === '(' ? args.list(() => args.word()) : undefined
  if (options) args.space()
  const reference = args.folderName()
  args.space()
  const many = args.peek() === '('
  const patterns = many ? args.list(() => args.pattern()) : [args.pattern()]
  if (patterns.length > MAX_PATTERNS) throw syntaxError('Too many patterns')
  const returned = args.accept(' ') ? parseReturn(args) : undefined
  const selections = parseSelections(options ?? [])
  return {
    ...selections,
    reference,
    patterns: patterns.filter((pattern) => pattern !== ''),
    root: !options && !many && !returned && patterns[0] === '',
    showSubscribed: selections.selections.includes('SUBSCRIBED') || (returned?.subscribed ?? false),
    status: returned?.status ?? [],
  }
}

/** RFC 5258 3.1, RFC 6154 3. There are no remote folders, so REMOTE adds none. */
function parseSelections(options: readonly string[]): Pick<Request, 'selections' | 'recursive'> {
  const selections: Selection[] = []
  let recursive = false
  for (const option of new Set(options)) {
    if (option === 'SUBSCRIBED' || option === 'SPECIAL-USE') selections.push(option)
    else if (option === 'RECURSIVEMATCH') recursive = true
    else if (option !== 'REMOTE') throw syntaxError('Unknown selection option')
  }
  if (recursive && selections.length === 0) throw syntaxError('RECURSIVEMATCH needs another option')
  return { selections, recursive }
}

/** RFC 5258 3.2, RFC 5819; children and special uses are told in any case. */
function parseReturn(args: Arguments): { subscribed: boolean; status: StatusItem[] } {
  if (args.word() !== 'RETURN') throw syntaxError('Unknown argument')
  args.space()
  const returned = { subscribed: false, status: [] as StatusItem[] }
  args.list(() => {
    const option = args.word()
    if (option === 'SUBSCRIBED') returned.subscribed = true
    else if (option === 'STATUS') {
      args.space()
      returned.status = parseStatusItems(args)
    } else if (option !== 'CHILDREN' && option !== 'SPECIAL-USE') throw syntaxError('Unknown return option')
  })
  return returned
}

function isSelected({ folder }: ListedName, selections: readonly Selection[]): boolean {
  return selections.every((selection) =>
    selection === 'SUBSCRIBED' ? folder?.subscribed === true : folder !== undefined && folder.specialUse !== null,
  )
}

async function run(session: UserSession, request: Request): Promise<Reply> {
  const { output } = session
  if (request.root) {
    output.line('* LIST (\\Noselect) "/" ""')
    return ok('LIST completed')
  }
  const names = listNames(await session.deps.store.folders(session.mailbox))
  const matchers = request.patterns.map((pattern) => patternMatcher(request.reference, pattern))
  const matches: Matcher = (name) => matchers.some((matcher) => matcher(name))
  const chosen = names.filter((listed) => isSelected(listed, request.selections))
  for (const listed of names.filter(({ name }) => matches(name))) {
    const selected = isSelected(listed, request.selections)
    const below = request.recursive ? chosen.filter(({ name }) => name.startsWith(`${listed.name}/`)) : []
    // A name that is listed only for its descendants is left out if they are all listed themselves (RFC 5258 3.5).
    if (!selected && below.every(({ name }) => matches(name))) continue
    output.line(formatName(listed, request, below.length > 0))
    if (selected && listed.folder && request.status.length > 0) {
      output.line(await formatStatus(session, listed.folder, request.status))
    }
    await output.relieve()
  }
  return ok('LIST completed')
}

function formatName({ name, folder, hasChildren }: ListedName, request: Request, hasChosenBelow: boolean): string {
  const attributes = [
    ...(folder ? [] : ['\\Noselect', '\\NonExistent']),
    hasChildren ? '\\HasChildren' : '\\HasNoChildren',
    ...(request.showSubscribed && folder?.subscribed === true ? ['\\Subscribed'] : []),
    ...(folder?.specialUse ? [folder.specialUse] : []),
  ]
  const childInfo = hasChosenBelow ? ` ("CHILDINFO" (${request.selections.map((selection) => `"${selection}"`).join(' ')}))` : ''
  return `* LIST (${attributes.join(' ')}) "/" ${formatFolderName(name)}${childInfo}`
}

/** RFC 3501 6.3.8, with CHILDREN (RFC 3348), LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819), SPECIAL-USE (RFC 6154). */
export const list = userCommand('LIST', parseList, run)
