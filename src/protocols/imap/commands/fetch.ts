import { Flag } from '../../../mailbox/types.ts'
import type { StoredMessage } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, no, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { parseFetchItems } from '../fetch-items.ts'
import type { FetchItem, SectionItem } from '../fetch-items.ts'
import {
  describeMessage,
  listItem,
  needsStructure,
  prepareResponse,
  rangeOf,
  SHORT_TEXT,
  writeResponse,
} from '../fetch-response.ts'
import type { FetchResponse } from '../fetch-response.ts'
import { isGone } from '../replies.ts'
import type { SequenceSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'
import { seqsOf } from '../transfer.ts'
import { tellKeywords } from '../updates.ts'
import { MANY_BYTES, workAhead } from '../work-ahead.ts'

interface Request {
  readonly set: SequenceSet
  readonly items: readonly FetchItem[]
}

function parseFetch(args: Arguments): Request {
  args.space()
  const set = args.sequenceSet()
  args.space()
  return { set, items: parseFetchItems(args) }
}

const fetching = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseFetch, async (session, request): Promise<Reply> => {
    const { list } = session.selected
    const seqs = seqsOf(list, request.set, byUid)
    const newlySeen = await markSeen(session, request.items, seqs)
    const items = completeItems(request.items, byUid)
    const found = items.every(isKnown) ? await fromList(session, items, seqs) : await fromStore(session, items, seqs, newlySeen)
    if (found === seqs.length) return ok(`${name} completed`)
    // Another session has removed some (RFC 2180 4.1.2): the client hears which at its next chance.
    session.selected.hint()
    return byUid ? ok(`${name} completed`) : no('Some of the messages were removed', 'EXPUNGEISSUED')
  })

/** UID FETCH always answers the UID (RFC 3501 6.4.8). */
function completeItems(items: readonly FetchItem[], byUid: boolean): readonly FetchItem[] {
  return byUid && !items.some((item) => item.kind === 'uid') ? [{ kind: 'uid' }, ...items] : items
}

const isKnown = (item: FetchItem): boolean => item.kind === 'uid' || item.kind === 'flags'

/** Sets \Seen on messages whose text is fetched without PEEK; answers the UIDs whose flags changed. */
async function markSeen(
  session: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
): Promise<ReadonlySet<number>> {
  const { selected, deps } = session
  const { list } = selected
  if (selected.readOnly || !items.some((item) => item.kind === 'section' && !item.peek)) return new Set()
  const unseen = seqs.filter((seq) => (list.flags(seq) & Flag.seen) === 0).map((seq) => list.uid(seq))
  if (unseen.length === 0) return new Set()
  const change = { mode: 'add', flags: Flag.seen, keywords: [] } as const
  const states = await deps.store.storeFlags(session.mailbox, selected.folder.id, unseen, change)
  for (const state of states) list.update(state)
  tellKeywords(session)
  return new Set(states.map((state) => state.uid))
}

async function fromList(
  { selected, output }: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
): Promise<number> {
  const { list } = selected
  for (const seq of seqs) {
    output.line(`* ${seq} FETCH (${items.map((item) => listItem(item, list, seq)).join(' ')})`)
    await output.relieve()
  }
  return seqs.length
}

async function fromStore(
  session: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
  newlySeen: ReadonlySet<number>,
): Promise<number> {
  const { selected, deps, mailbox, output } = session
  const { list, folder } = selected
  const withFlags: readonly FetchItem[] = items.some((item) => item.kind === 'flags') ? items : [...items, { kind: 'flags' }]
  const wantedOf = ({ uid }: StoredMessage): readonly FetchItem[] => (newlySeen.has(uid) ? withFlags : items)
  const sections = items.filter((item) => item.kind === 'section')
  const uids = seqs.map((seq) => list.uid(seq))
  const messages = deps.store.messages(mailbox, folder.id, uids, items.some(needsStructure))
  let written = 0
  if (sections.length === 0) {
    for await (const message of messages) {
      output.push(describeMessage(items, list, message))
      await output.relieve()
      written++
    }
    return written
  }
  await workAhead(messages, {
    bytes: (message) => bytesAhead(sections, message),
    start: (message) => unlessGone(prepareResponse({ store: deps.store, mailbox, list }, wantedOf(message), message)),
    async take(response) {
      if (!response) return
      await writeResponse(output, response)
      written++
    },
  })
  return written
}

/** A message that was removed meanwhile is left out. */
const unlessGone = (response: Promise<FetchResponse>): Promise<FetchResponse | undefined> =>
  response.catch((error: unknown) => {
    if (isGone(error)) return undefined
    throw error
  })

/** Bytes that are read ahead for sections; of a long text the first piece is. */
function bytesAhead(sections: readonly SectionItem[], { content }: StoredMessage): number {
  let sum = 0
  for (const { section, partial } of sections) {
    const range = rangeOf(section, content)
    if (range) sum += Math.min(range.to - range.from, partial?.length ?? Infinity)
  }
  return sum > SHORT_TEXT ? MANY_BYTES : sum
}

/** RFC 3501 6.4.5 */
export const fetch = fetching('FETCH', false)

/** RFC 3501 6.4.8 */
export const uidFetch = fetching('UID FETCH', true)
