import type { ThreadFacts } from '../../../mailbox/search-types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { searchFolder } from '../search-evaluate.ts'
import { checkCharset, namesModseqs, namesNumbers, parseCharsetSearch } from '../search-keys.ts'
import type { Search } from '../search-keys.ts'
import type { FolderSession } from '../session.ts'
import { threadByReferences } from '../thread-references.ts'
import { threadBySubject } from '../thread-subject.ts'
import { formatThreads } from '../thread-tree.ts'

const ALGORITHMS = { ORDEREDSUBJECT: threadBySubject, REFERENCES: threadByReferences } as const

interface Request extends Search {
  readonly algorithm: keyof typeof ALGORITHMS
}

function parseRequest(args: Arguments): Request {
  args.space()
  const algorithm = args.word()
  if (algorithm !== 'ORDEREDSUBJECT' && algorithm !== 'REFERENCES') throw syntaxError('Unknown algorithm')
  args.space()
  return { ...parseCharsetSearch(args), algorithm }
}

const threading = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseRequest, async (session, { key, charset, algorithm }): Promise<Reply> => {
    const { selected, output } = session
    const { list } = selected
    if (namesModseqs(key)) enableCondstore(session)
    checkCharset(charset)
    const seqs = await searchFolder(session, key, selected.savedSearch)
    const facts = await factsOf(session, seqs)
    const threads = ALGORITHMS[algorithm](facts)
    const text = formatThreads(threads, (message) => (byUid ? (facts.uids[message] ?? 0) : list.seq(facts.uids[message] ?? 0)))
    output.line(text === '' ? '* THREAD' : `* THREAD ${text}`)
    const reply = ok(`${name} completed`)
    return namesNumbers(key) ? { ...reply, keepsNumbers: true } : reply
  })

/** Of these messages, as far as they are still there. */
async function factsOf(
  { selected: { list, folder }, deps, mailbox }: FolderSession,
  seqs: readonly number[],
): Promise<ThreadFacts> {
  const wanted = seqs.map((seq) => list.uid(seq))
  if (wanted.length === 0) return { uids: [], sent: [], subjects: [], replies: [], ids: [] }
  const facts = await deps.store.threadFacts(mailbox, folder.id, wanted)
  if (facts.uids.length === wanted.length) return facts
  const asked = new Set(wanted)
  const places = facts.uids.flatMap((uid, place) => (asked.has(uid) ? [place] : []))
  const some = <T>(column: readonly T[]): T[] => places.map((place) => column[place] as T)
  return {
    uids: some(facts.uids),
    sent: some(facts.sent),
    subjects: some(facts.subjects),
    replies: some(facts.replies),
    ids: some(facts.ids),
  }
}

/** RFC 5256 3 */
export const threadCommand = threading('THREAD', false)

/** RFC 5256 3 */
export const uidThread = threading('UID THREAD', true)
