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
    const numberOf = (message: number): number => (byUid ? (facts.uids[message] ?? 0) : list.seq(facts.uids[message] ?? 0))
    const text = formatThreads(ALGORITHMS[algorithm](facts), numberOf)
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
  const facts = await deps.store.threadFacts(mailbox, folder.id, wanted)
  if (facts.uids.length === wanted.length) return facts
  const asked = new Set(wanted)
  const isAsked = (_: number, place: number): boolean => asked.has(facts.uids[place] ?? 0)
  const idStarts = [0]
  const ids: number[] = []
  for (const [place, uid] of facts.uids.entries()) {
    if (!asked.has(uid)) continue
    for (let at = facts.idStarts[place] ?? 0; at < (facts.idStarts[place + 1] ?? 0); at++) ids.push(facts.ids[at] ?? 0)
    idStarts.push(ids.length)
  }
  return {
    uids: facts.uids.filter(isAsked),
    sent: facts.sent.filter(isAsked),
    subjects: facts.subjects.filter(isAsked),
    replies: facts.replies.filter(isAsked),
    ids: Uint32Array.from(ids),
    idStarts: Uint32Array.from(idStarts),
  }
}

/** RFC 5256 3 */
export const threadCommand = threading('THREAD', false)

/** RFC 5256 3 */
export const uidThread = threading('UID THREAD', true)
