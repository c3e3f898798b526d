import { Flag } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, no, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { parseFetchItems } from '../fetch-items.ts'
import type { FetchItem } from '../fetch-items.ts'
import { listItem, prepareResponse, SHORT_TEXT, writeResponse } from '../fetch-response.ts'
import type { FetchResponse } from '../fetch-response.ts'
import { isGone } from '../replies.ts'
import type { SequenceSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'
import { seqsOf } from '../transfer.ts'
import { tellKeywords } from '../updates.ts'

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

/** How many messages are read ahead: many where each is short, so that the store's latency is paid once for all. */
const AHEAD = { short: 8, long: 2 }

async function fromStore(
  session: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
  newlySeen: ReadonlySet<number>,
): Promise<number> {
  const { selected, deps, mailbox, output } = session
  const { list, folder } = selected
  const withFlags: readonly FetchItem[] = items.some((item) => item.kind === 'flags') ? items : [...items, { kind: 'flags' }]
  const ahead = items.every(isShort) ? AHEAD.short : AHEAD.long
  const coming: Promise<Prepared>[] = []
  let written = 0
  const writeNext = async (): Promise<void> => {
    const next = await coming.shift()
    if (!next || ('error' in next && isGone(next.error))) return
    if ('error' in next) throw next.error
    await writeResponse(output, next.response)
    written++
  }
  const uids = seqs.map((seq) => list.uid(seq))
  for await (const message of deps.store.messages(mailbox, folder.id, uids)) {
    const wanted = newlySeen.has(message.uid) ? withFlags : items
    coming.push(settle(prepareResponse({ store: deps.store, mailbox, list }, wanted, message)))
    if (coming.length >= ahead) await writeNext()
  }
  while (coming.length > 0) await writeNext()
  return written
}

type Prepared = { readonly response: FetchResponse } | { readonly error: unknown }

/** A response that fails while others are written must wait for its turn. */
const settle = (response: Promise<FetchResponse>): Promise<Prepared> =>
  response.then(
    (response) => ({ response }),
    (error: unknown) => ({ error }),
  )

function isShort(item: FetchItem): boolean {
  if (item.kind !== 'section' || item.section.text.startsWith('HEADER') || item.section.text === 'MIME') return true
  return item.partial !== null && item.partial.length <= SHORT_TEXT
}

/** RFC 3501 6.4.5 */
export const fetch = fetching('FETCH', false)

/** RFC 3501 6.4.8 */
export const uidFetch = fetching('UID FETCH', true)
