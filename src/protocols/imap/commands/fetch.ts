import { Flag } from '../../../mailbox/types.ts'
import type { StoredMessage } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, no, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { parseFetchItems } from '../fetch-items.ts'
import type { DecodedSizeItem, FetchItem, SectionItem } from '../fetch-items.ts'
import {
  asksMore,
  describeMessage,
  listItem,
  prepareResponse,
  rangeOf,
  readsText,
  SHORT_TEXT,
  structureWanted,
  writeResponse,
} from '../fetch-response.ts'
import type { FetchResponse } from '../fetch-response.ts'
import { isGone } from '../replies.ts'
import { resolveRanges, SAVED } from '../sequence-set.ts'
import type { MessageSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'
import { seqsOf } from '../transfer.ts'
import { tellKeywords } from '../updates.ts'
import { tellVanishedEarlier } from '../vanished.ts'
import { ShownKeeper } from '../shown-keeper.ts'
import { MANY_BYTES, workAhead } from '../work-ahead.ts'

interface Request {
  readonly set: MessageSet
  readonly items: readonly FetchItem[]
  /** only messages that have changed since this modseq; undefined: all */
  readonly since: number | undefined
  /** also the UIDs that have gone since */
  readonly vanished: boolean
}

function parseFetch(args: Arguments, byUid: boolean): Request {
  args.space()
  const set = args.messageSet()
  args.space()
  const items = parseFetchItems(args)
  const modifiers = args.accept(' ') && args.peek() === '(' ? parseModifiers(args) : { since: undefined, vanished: false }
  if (modifiers.vanished && (!byUid || modifiers.since === undefined))
    throw syntaxError('VANISHED is for UID FETCH with CHANGEDSINCE')
  return { set, items, ...modifiers }
}

/** RFC 7162 3.1.4.1, 3.2.6 */
function parseModifiers(args: Arguments): Pick<Request, 'since' | 'vanished'> {
  let since: number | undefined
  let vanished = false
  args.list(() => {
    const name = args.word()
    if (name === 'CHANGEDSINCE') {
      args.space()
      since = args.modseq()
    } else if (name === 'VANISHED') vanished = true
    else throw syntaxError('Unknown modifier')
  })
  return { since, vanished }
}

const fetching = (name: string, byUid: boolean): Command =>
  folderCommand(
    name,
    (args) => parseFetch(args, byUid),
    async (session, request): Promise<Reply> => {
      const { list } = session.selected
      const { set, since } = request
      if (since !== undefined || request.items.some((item) => item.kind === 'modseq')) enableCondstore(session)
      if (request.vanished && since !== undefined) {
        if (!session.enabled.has('QRESYNC')) throw syntaxError('Enable QRESYNC first')
        const known = set === SAVED ? session.selected.savedSearch : resolveRanges(set, session.selected.lastUid)
        await tellVanishedEarlier(session, session.selected, { known, since })
      }
      const named = seqsOf(session.selected, set, byUid)
      const seqs = since === undefined ? named : named.filter((seq) => list.modseq(seq) > since)
      const newlySeen = await markSeen(session, request.items, seqs)
      // UID FETCH always answers the UID (RFC 3501 6.4.8), CHANGEDSINCE the modseq.
      const always = [...(byUid ? UID : []), ...(since === undefined ? [] : MODSEQ)]
      const items = [...missing(request.items, always), ...request.items]
      const found = await respond(session, items, seqs, newlySeen)
      if (found === seqs.length) return ok(`${name} completed`)
      // Another session has removed some (RFC 2180 4.1.2): the client hears which at its next chance.
      session.selected.hint()
      return byUid ? ok(`${name} completed`) : no('Some of the messages were removed', 'EXPUNGEISSUED')
    },
  )

const UID: readonly FetchItem[] = [{ kind: 'uid' }]
const FLAGS: readonly FetchItem[] = [{ kind: 'flags' }]
const MODSEQ: readonly FetchItem[] = [{ kind: 'modseq' }]

/** Those of `wanted` that are not among the items. */
const missing = (items: readonly FetchItem[], wanted: readonly FetchItem[]): readonly FetchItem[] =>
  wanted.filter(({ kind }) => !items.some((item) => item.kind === kind))

const isKnown = (item: FetchItem): boolean => item.kind === 'uid' || item.kind === 'flags' || item.kind === 'modseq'

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
  // What others have changed below the new modseq must be told too.
  if (session.enabled.has('CONDSTORE')) selected.hint()
  return new Set(states.map((state) => state.uid))
}

/** Writes the responses of messages; answers how many there were still. */
export const respond = (
  session: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
  newlySeen: ReadonlySet<number> = new Set(),
): Promise<number> => (items.every(isKnown) ? fromList(session, items, seqs) : fromStore(session, items, seqs, newlySeen))

async function fromList(
  { selected, output }: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
): Promise<number> {
  const { list } = selected
  let written = 0
  for (const seq of seqs) {
    // It is gone since before its flags were read.
    if (list.isUntold(seq)) continue
    output.line(`* ${seq} FETCH (${items.map((item) => listItem(item, list, seq)).join(' ')})`)
    await output.relieve()
    written++
  }
  return written
}

/** Structures of so many messages are kept as they are shown: who asks for them will ask again, and so will others. Of a few it costs more. */
const MANY = 100

async function fromStore(
  session: FolderSession,
  items: readonly FetchItem[],
  seqs: readonly number[],
  newlySeen: ReadonlySet<number>,
): Promise<number> {
  const { selected, deps, mailbox, output } = session
  const { list, folder } = selected
  // What a FETCH changes itself is told as any change is (RFC 7162 3.2.4).
  const withFlags = [...items, ...missing(items, session.enabled.has('CONDSTORE') ? [...UID, ...FLAGS, ...MODSEQ] : FLAGS)]
  const wantedOf = ({ uid }: StoredMessage): readonly FetchItem[] => (newlySeen.has(uid) ? withFlags : items)
  const sections = items.filter(readsText)
  const uids = seqs.map((seq) => list.uid(seq))
  const structure = structureWanted(items)
  const messages = deps.store.messages(mailbox, folder.id, uids, structure)
  let written = 0
  if (!items.some(asksMore)) {
    const keeper = structure === 'shown' && uids.length >= MANY ? new ShownKeeper(session) : undefined
    for await (const message of messages) {
      const isNew = message.content.shown === null
      output.push(describeMessage(items, list, message))
      if (isNew) await keeper?.add(message.content)
      await output.relieve()
      written++
    }
    await keeper?.end()
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
function bytesAhead(sections: readonly (SectionItem | DecodedSizeItem)[], { content }: StoredMessage): number {
  let sum = 0
  for (const item of sections) {
    const range = rangeOf(item.section, content)
    const partial = item.kind === 'section' && !item.decoded ? item.partial : null
    if (range) sum += Math.min(range.to - range.from, partial?.length ?? Infinity)
  }
  return sum > SHORT_TEXT ? MANY_BYTES : sum
}

/** RFC 3501 6.4.5 */
export const fetch = fetching('FETCH', false)

/** RFC 3501 6.4.8 */
export const uidFetch = fetching('UID FETCH', true)
