import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { syntaxError } from '../errors.ts'
import { listNames, patternMatcher } from '../folder-listing.ts'
import type { ListedName, Matcher } from '../folder-listing.ts'
import { formatListed } from '../list-response.ts'
import type { UserSession } from '../session.ts'
import { parseStatusItems, statusWriter } from '../status-items.ts'
import type { StatusItem } from '../status-items.ts'

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

function isSelected({ folder, subscribed }: ListedName, selections: readonly Selection[]): boolean {
  return selections.every((selection) =>
    selection === 'SUBSCRIBED' ? subscribed : folder !== undefined && folder.specialUse !== null,
  )
}

async function run(session: UserSession, request: Request): Promise<Reply> {
  const { output } = session
  if (request.root) {
    output.line('* LIST (\\Noselect) "/" ""')
    return ok('LIST completed')
  }
  const names = await namesFor(session, request)
  const matchers = request.patterns.map((pattern) => patternMatcher(request.reference, pattern))
  const matches: Matcher = (name) => matchers.some((matcher) => matcher(name))
  const chosen = names.filter((listed) => isSelected(listed, request.selections))
  const folders = chosen.flatMap(({ name, folder }) => (folder && matches(name) ? [folder] : []))
  const writeStatus = request.status.length > 0 ? await statusWriter(session, folders, request.status) : undefined
  for (const listed of names.filter(({ name }) => matches(name))) {
    const selected = isSelected(listed, request.selections)
    const below = request.recursive ? chosen.filter(({ name }) => name.startsWith(`${listed.name}/`)) : []
    // A name that is listed only for its descendants is left out if they are all listed themselves (RFC 5258 3.5).
    if (!selected && below.every(({ name }) => matches(name))) continue
    const extended = below.length > 0 ? childInfo(request.selections) : undefined
    output.line(formatListed(session, listed, { showSubscribed: request.showSubscribed, extended }))
    if (selected && listed.folder && writeStatus) output.line(writeStatus(listed.folder))
    await output.relieve()
  }
  return ok('LIST completed')
}

/** Names that are subscribed to and have no folder are there only for who asks for subscriptions (RFC 5258 3.1). */
async function namesFor({ deps: { store }, mailbox }: UserSession, request: Request): Promise<ListedName[]> {
  const folders = await store.folders(mailbox)
  if (!request.showSubscribed) return listNames(folders)
  const names = listNames(folders, await store.orphanSubscriptions(mailbox))
  return request.selections.includes('SUBSCRIBED') ? names : names.filter(({ folder, hasChildren }) => folder ?? hasChildren)
}

/** RFC 5258 3.5: what was searched for is further down. */
const childInfo = (selections: readonly Selection[]): string =>
  `"CHILDINFO" (${selections.map((selection) => `"${selection}"`).join(' ')})`

/** RFC 3501 6.3.8, with CHILDREN (RFC 3348), LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819), SPECIAL-USE (RFC 6154). */
export const list = userCommand('LIST', parseList, run)
