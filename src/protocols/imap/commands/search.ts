import type { Arguments } from '../arguments.ts'
import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import { searchFolder } from '../search-evaluate.ts'
import { checkSearchCharset, namesModseqs, namesNumbers, parseSearch } from '../search-keys.ts'
import type { Search } from '../search-keys.ts'
import { chosen, formatEsearch, formatNumbers, parseResultOptions } from '../search-result.ts'
import type { ResultOption } from '../search-result.ts'
import { rangesOf } from '../sequence-set.ts'
import { speaksRev2 } from '../session.ts'

interface Request extends Search {
  readonly options: ReadonlySet<ResultOption> | undefined
}

function parseRequest(args: Arguments): Request {
  args.space()
  const options = parseResultOptions(args)
  return { ...parseSearch(args), options }
}

/** What SEARCH answers in IMAP4rev2 if nothing is asked for (RFC 9051 6.4.4). */
const ALL: ReadonlySet<ResultOption> = new Set(['ALL'])

const searching = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseRequest, async (session, { key, charset, options }): Promise<Reply> => {
    const { selected, output } = session
    const { list } = selected
    const withModseq = namesModseqs(key)
    if (withModseq) enableCondstore(session)
    const saves = options?.has('SAVE') === true
    const saved = selected.savedSearch
    // What fails saves nothing (RFC 5182 2.1).
    if (saves) selected.savedSearch = []
    checkSearchCharset(session, charset)
    const seqs = await searchFolder(session, key, saved)
    // Numbers first, then the text: no UID may change its number in between, because EXPUNGE waits.
    const result = { seqs, list, byUid, withModseq }
    if (saves) selected.savedSearch = rangesOf(chosen(seqs, options).map((seq) => list.uid(seq)))
    const asked = options ?? (speaksRev2(session) ? ALL : undefined)
    const line = asked ? formatEsearch(result, asked, session.tag) : formatNumbers('SEARCH', result)
    if (line !== undefined) output.line(line)
    const reply = ok(`${name} completed`)
    // RFC 7162 3.2.10.2: where numbers were searched for, none may change, also if UIDs are answered.
    return namesNumbers(key) ? { ...reply, keepsNumbers: true } : reply
  })

/** RFC 3501 6.4.4 */
export const searchCommand = searching('SEARCH', false)

/** RFC 3501 6.4.8 */
export const uidSearch = searching('UID SEARCH', true)
