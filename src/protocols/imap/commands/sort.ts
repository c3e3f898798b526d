import type { Arguments } from '../arguments.ts'
import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { searchFolder } from '../search-evaluate.ts'
import { checkCharset, namesModseqs, namesNumbers, parseCharsetSearch } from '../search-keys.ts'
import type { Search } from '../search-keys.ts'
import { formatEsearch, formatNumbers, parseResultOptions } from '../search-result.ts'
import type { ResultOption } from '../search-result.ts'
import { parseSortProgram, sortMessages } from '../sort.ts'
import type { SortCriterion } from '../sort.ts'

interface Request extends Search {
  readonly options: ReadonlySet<ResultOption> | undefined
  readonly criteria: readonly SortCriterion[]
}

/** RFC 5256 5, with the options of RFC 5267 3.1 */
function parseRequest(args: Arguments): Request {
  args.space()
  const options = parseResultOptions(args)
  if (options?.has('SAVE') === true) throw syntaxError('SAVE is for SEARCH')
  const criteria = parseSortProgram(args)
  args.space()
  return { ...parseCharsetSearch(args), options, criteria }
}

const sorting = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseRequest, async (session, { key, charset, options, criteria }): Promise<Reply> => {
    const { selected, output } = session
    const withModseq = namesModseqs(key)
    if (withModseq) enableCondstore(session)
    checkCharset(charset)
    const found = await searchFolder(session, key, selected.savedSearch)
    const result = { seqs: await sortMessages(session, found, criteria), list: selected.list, byUid, withModseq }
    const line = options ? formatEsearch(result, options, session.tag) : formatNumbers('SORT', result)
    if (line !== undefined) output.line(line)
    const reply = ok(`${name} completed`)
    return namesNumbers(key) ? { ...reply, keepsNumbers: true } : reply
  })

/** RFC 5256 3 */
export const sortCommand = sorting('SORT', false)

/** RFC 5256 3 */
export const uidSort = sorting('UID SORT', true)
