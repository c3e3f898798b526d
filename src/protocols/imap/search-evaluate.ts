/**
 * Which messages match a search? Each key is asked about the messages that are still open: first what the session itself knows, then the rows of
 * the messages, their headers, and at last their texts; so a search for flags reads nothing, and one for texts only what is left.
 */
import type { Criterion } from '../../mailbox/search-types.ts'
import { contentOfObjectId } from '../../mailbox/object-ids.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import type { MessageList } from './message-list.ts'
import type { SearchKey } from './search-keys.ts'
import { resolveRanges } from './sequence-set.ts'
import type { NumberRange } from './sequence-set.ts'
import type { FolderSession } from './session.ts'

/** The sequence numbers of messages that match, ascending; the search that "$" stands for is that of `saved`. */
export async function searchFolder(session: FolderSession, key: SearchKey, saved: readonly NumberRange[]): Promise<number[]> {
  const { list } = session.selected
  const all: number[] = []
  for (let seq = 1; seq <= list.count; seq++) if (!list.isVanished(seq)) all.push(seq)
  return matching({ session, saved, second: Math.floor(Date.now() / 1000) }, key, all)
}

interface Context {
  readonly session: FolderSession
  /** UIDs that "$" stands for */
  readonly saved: readonly NumberRange[]
  /** now, since 1970 */
  readonly second: number
}

/** Which of some messages match. Sequence numbers, ascending. */
async function matching(context: Context, key: SearchKey, open: number[]): Promise<number[]> {
  if (open.length === 0) return open
  if (key.kind === 'not') return without(open, await matching(context, key.key, open))
  if (key.kind === 'and' || key.kind === 'or') {
    const either = key.kind === 'or'
    let left = open
    for (const one of cheapestFirst(key.keys)) {
      const matched = await matching(context, one, left)
      left = either ? without(left, matched) : matched
    }
    return either ? without(open, left) : left
  }
  if (key.kind === 'text') {
    const keys: SearchKey[] = [
      { kind: 'fields', text: key.text },
      { kind: 'body', text: key.text },
    ]
    return matching(context, { kind: 'or', keys }, open)
  }
  const test = testOf(key, context)
  return typeof test === 'function' ? open.filter(test) : found(context, test, open)
}

async function found({ session }: Context, criterion: Criterion, open: readonly number[]): Promise<number[]> {
  const { selected, deps, mailbox, output } = session
  const { list, folder } = selected
  if (output.closed) throw new ConnectionClosed()
  const uids = open.map((seq) => list.uid(seq))
  return (await deps.store.search(mailbox, folder.id, uids, criterion)).map((uid) => list.seq(uid)).filter((seq) => seq > 0)
}

type SingleKey = Exclude<SearchKey, { kind: 'not' | 'and' | 'or' | 'text' }>
type Test = (seq: number) => boolean

/** What the session can tell itself, or what the store is asked. */
function testOf(key: SingleKey, { session, saved, second }: Context): Test | Criterion {
  const { list } = session.selected
  switch (key.kind) {
    case 'all':
      return () => true
    case 'none':
      return () => false
    case 'flag':
      return (seq) => ((list.flags(seq) & key.mask) !== 0) === key.set
    case 'keyword':
      return (seq) => list.keywordsOf(seq).some((word) => word.toLowerCase() === key.word) === key.set
    case 'seq':
      return within(list.count === 0 ? [] : resolveRanges(key.set, list.count))
    case 'uid':
      return withinUids(list, resolveRanges(key.set, list.lastUid))
    case 'saved':
      return withinUids(list, saved)
    case 'modseq':
      return (seq) => list.modseq(seq) >= key.from
    case 'received':
    case 'sent':
      return { on: key.kind, op: key.op, day: key.day }
    case 'saved on':
      return { on: 'saved', op: key.op, day: key.day }
    case 'older':
    case 'younger':
      return { on: key.kind, second: second - key.seconds }
    case 'larger':
    case 'smaller':
      return { on: key.kind, size: key.size }
    case 'envelope':
      return { on: key.field, text: key.text }
    case 'header':
      return { on: 'header', name: key.name, text: key.text }
    case 'fields':
    case 'body':
      return { on: key.kind, text: key.text }
    case 'emailid': {
      const id = contentOfObjectId(key.id)
      return id === undefined ? () => false : { on: 'content', id }
    }
  }
}

const withinUids = (list: MessageList, ranges: readonly NumberRange[]): Test => {
  const test = within(ranges)
  return (seq) => test(list.uid(seq))
}

function within(ranges: readonly NumberRange[]): Test {
  return (number) => {
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ranges[middle]?.[1] ?? 0) < number) low = middle + 1
      else high = middle
    }
    return (ranges[low]?.[0] ?? Infinity) <= number
  }
}

const cheapestFirst = (keys: readonly SearchKey[]): SearchKey[] => [...keys].sort((a, b) => costOf(a) - costOf(b))

/** What has to be read for a key: nothing, rows of messages, their headers, all their fields, their texts. */
const COSTS: Readonly<Record<SingleKey['kind'] | 'text', number>> = {
  all: 0,
  none: 0,
  flag: 0,
  keyword: 0,
  seq: 0,
  uid: 0,
  saved: 0,
  modseq: 0,
  received: 1,
  'saved on': 1,
  older: 1,
  younger: 1,
  larger: 1,
  smaller: 1,
  emailid: 1,
  envelope: 2,
  sent: 2,
  header: 3,
  fields: 3,
  body: 4,
  text: 4,
}

function costOf(key: SearchKey): number {
  if (key.kind === 'not') return costOf(key.key)
  return key.kind === 'and' || key.kind === 'or' ? Math.max(...key.keys.map(costOf)) : COSTS[key.kind]
}

/** Both ascend. */
function without(some: readonly number[], others: readonly number[]): number[] {
  let at = 0
  return some.filter((number) => {
    while (at < others.length && (others[at] ?? 0) < number) at++
    return others[at] !== number
  })
}
