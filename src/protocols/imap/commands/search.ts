import type { StoredMessage } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import { ConnectionClosed, syntaxError } from '../errors.ts'
import { SHORT_TEXT } from '../fetch-response.ts'
import { isGone } from '../replies.ts'
import { checkCharset, namesModseqs, namesNumbers, parseSearch } from '../search-keys.ts'
import type { Search, SearchKey } from '../search-keys.ts'
import { needsOf, searchMatcher } from '../search-match.ts'
import type { Facts, Matcher, SearchNeeds } from '../search-match.ts'
import { chosen, formatEsearch, formatSearch, parseResultOptions } from '../search-result.ts'
import type { ResultOption } from '../search-result.ts'
import { bodyTexts, headerFields } from '../search-texts.ts'
import type { ReadBytes } from '../search-texts.ts'
import { rangesOf } from '../sequence-set.ts'
import type { NumberRange } from '../sequence-set.ts'
import { speaksRev2 } from '../session.ts'
import type { FolderSession } from '../session.ts'
import { MANY_BYTES, workAhead } from '../work-ahead.ts'

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
    // RFC 6855 3: it would contradict what was agreed.
    if (charset !== undefined && session.enabled.has('UTF8=ACCEPT')) throw syntaxError('All strings are in UTF-8')
    checkCharset(charset)
    const seqs = await search(session, key, saved)
    // Numbers first, then the text: no UID may change its number in between, because EXPUNGE waits.
    const result = { seqs, list, byUid, withModseq }
    if (saves) selected.savedSearch = rangesOf(chosen(seqs, options).map((seq) => list.uid(seq)))
    const asked = options ?? (speaksRev2(session) ? ALL : undefined)
    const line = asked ? formatEsearch(result, asked, session.tag) : formatSearch(result)
    if (line !== undefined) output.line(line)
    const reply = ok(`${name} completed`)
    // RFC 7162 3.2.10.2: where numbers were searched for, none may change, also if UIDs are answered.
    return namesNumbers(key) ? { ...reply, keepsNumbers: true } : reply
  })

/** The sequence numbers that match, ascending. */
async function search(session: FolderSession, key: SearchKey, saved: readonly NumberRange[]): Promise<number[]> {
  const { selected, deps, mailbox, output } = session
  const { list, folder } = selected
  const matches = searchMatcher(key, { count: list.count, lastUid: list.lastUid, saved, now: Date.now() })
  const found: number[] = []
  const open: number[] = []
  for (let seq = 1; seq <= list.count; seq++) {
    if (list.isVanished(seq)) continue
    const matched = matches(factsOf(session, seq))
    if (matched === true) found.push(seq)
    else if (matched === undefined) open.push(list.uid(seq))
  }
  if (open.length === 0) return found
  const needs = needsOf(key)
  await workAhead(deps.store.messages(mailbox, folder.id, open, needs.structure), {
    bytes: ({ content }) => (needs.header || needs.texts ? Math.min(content.size, MANY_BYTES) : 0),
    async start(message) {
      if (output.closed) throw new ConnectionClosed()
      return (await matchesStored(session, matches, needs, message)) ? list.seq(message.uid) : 0
    },
    take: (seq) => void (seq > 0 && found.push(seq)),
  })
  return found.sort((a, b) => a - b)
}

function factsOf({ selected: { list } }: FolderSession, seq: number): Facts {
  return { seq, uid: list.uid(seq), modseq: list.modseq(seq), flags: list.flags(seq), keywords: list.keywordsOf(seq) }
}

async function matchesStored(
  session: FolderSession,
  matches: Matcher,
  needs: SearchNeeds,
  stored: StoredMessage,
): Promise<boolean> {
  const facts = { ...factsOf(session, session.selected.list.seq(stored.uid)), stored }
  const known = matches(facts)
  if (known !== undefined) return known
  const { root } = stored.content.parsed
  try {
    const read = await reading(session, stored)
    const withHeader = needs.header ? { ...facts, header: await headerFields(root, read) } : facts
    return matches(withHeader) ?? matches({ ...withHeader, texts: await bodyTexts(root, read) }) ?? false
  } catch (error) {
    // Removed by another session meanwhile: it matches nothing any more.
    if (isGone(error)) return false
    throw error
  }
}

/** A short message is read at once, for its header and its parts are each a round trip. */
async function reading({ deps, mailbox }: FolderSession, { content }: StoredMessage): Promise<ReadBytes> {
  const read: ReadBytes = async (from, to) => {
    const pieces: Buffer[] = []
    for await (const piece of deps.store.read(mailbox, content.id, from, to)) pieces.push(piece)
    const [only] = pieces
    return only && pieces.length === 1 ? only : Buffer.concat(pieces)
  }
  if (content.size > SHORT_TEXT) return read
  const whole = await read(0, content.size)
  return async (from, to) => whole.subarray(from, to)
}

/** RFC 3501 6.4.4 */
export const searchCommand = searching('SEARCH', false)

/** RFC 3501 6.4.8 */
export const uidSearch = searching('UID SEARCH', true)
