import type { StoredMessage } from '../../../mailbox/types.ts'
import { folderCommand, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { isGone } from '../replies.ts'
import { parseSearch } from '../search-keys.ts'
import type { SearchKey } from '../search-keys.ts'
import { searchMatcher } from '../search-match.ts'
import type { Facts, Matcher } from '../search-match.ts'
import { bodyTexts, headerFields } from '../search-texts.ts'
import type { ReadBytes } from '../search-texts.ts'
import type { FolderSession } from '../session.ts'

const searching = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseSearch, async (session, key): Promise<Reply> => {
    const { list } = session.selected
    const found = await search(session, key)
    // Numbers first, then the text: no UID may change its number in between, because EXPUNGE waits.
    const numbers = byUid ? found.map((seq) => list.uid(seq)) : found
    session.output.line(['* SEARCH', ...numbers].join(' '))
    return ok(`${name} completed`)
  })

/** The sequence numbers that match, ascending. */
async function search(session: FolderSession, key: SearchKey): Promise<number[]> {
  const { list, folder } = session.selected
  const matches = searchMatcher(key, { count: list.count, lastUid: list.lastUid })
  const found: number[] = []
  const open: number[] = []
  for (let seq = 1; seq <= list.count; seq++) {
    if (list.isVanished(seq)) continue
    const matched = matches(factsOf(session, seq))
    if (matched === true) found.push(seq)
    else if (matched === undefined) open.push(list.uid(seq))
  }
  if (open.length === 0) return found
  for await (const message of session.deps.store.messages(session.mailbox, folder.id, open)) {
    if (session.output.closed) break
    if (await matchesStored(session, matches, message)) found.push(list.seq(message.uid))
  }
  return found.sort((a, b) => a - b)
}

function factsOf({ selected: { list } }: FolderSession, seq: number): Facts {
  return { seq, uid: list.uid(seq), flags: list.flags(seq), keywords: list.keywordsOf(seq) }
}

async function matchesStored(session: FolderSession, matches: Matcher, stored: StoredMessage): Promise<boolean> {
  const facts = { ...factsOf(session, session.selected.list.seq(stored.uid)), stored }
  const known = matches(facts)
  if (known !== undefined) return known
  const { root } = stored.content.parsed
  const read: ReadBytes = (from, to) => readBytes(session, stored, from, to)
  try {
    const header = await headerFields(root, read)
    return matches({ ...facts, header }) ?? matches({ ...facts, header, texts: await bodyTexts(root, read) }) ?? false
  } catch (error) {
    // Removed by another session meanwhile: it matches nothing any more.
    if (isGone(error)) return false
    throw error
  }
}

async function readBytes(
  { deps, mailbox }: FolderSession,
  { content }: StoredMessage,
  from: number,
  to: number,
): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of deps.store.read(mailbox, content.id, from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** RFC 3501 6.4.4 */
export const searchCommand = searching('SEARCH', false)

/** RFC 3501 6.4.8 */
export const uidSearch = searching('UID SEARCH', true)
