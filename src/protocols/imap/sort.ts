/** SORT (RFC 5256 3, RFC 5957): in which order messages are. The store knows their places by each key; here keys are put together. */
import type { Ranks, SortKey } from '../../mailbox/search-types.ts'
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { FolderSession } from './session.ts'

export interface SortCriterion {
  readonly key: SortKey
  readonly reverse: boolean
}

const KEYS: Readonly<Record<string, SortKey>> = {
  ARRIVAL: 'arrival',
  CC: 'cc',
  DATE: 'date',
  FROM: 'from',
  SIZE: 'size',
  SUBJECT: 'subject',
  TO: 'to',
  DISPLAYFROM: 'displayfrom',
  DISPLAYTO: 'displayto',
}

/** Reads `([REVERSE] key ...)`. A key that comes again changes nothing, and is left out. */
export function parseSortProgram(args: Arguments): SortCriterion[] {
  const criteria = new Map<SortKey, SortCriterion>()
  args.list(() => {
    let word = args.word()
    const reverse = word === 'REVERSE'
    if (reverse) {
      args.space()
      word = args.word()
    }
    const key = Object.hasOwn(KEYS, word) ? KEYS[word] : undefined
    if (!key) throw syntaxError('Unknown sort key')
    if (!criteria.has(key)) criteria.set(key, { key, reverse })
  })
  if (criteria.size === 0) throw syntaxError('Nothing to sort by')
  return [...criteria.values()]
}

/** The messages in their order. @param seqs sequence numbers, ascending: the last criterion of all */
export async function sortMessages(
  { selected: { list, folder }, deps, mailbox }: FolderSession,
  seqs: readonly number[],
  criteria: readonly SortCriterion[],
): Promise<number[]> {
  if (seqs.length === 0) return []
  const uids = seqs.map((seq) => list.uid(seq))
  let order = Uint32Array.from(seqs.keys())
  // From the last criterion to the first: each leaves in their order those that it does not tell apart.
  for (const { key, reverse } of criteria.toReversed()) {
    const ranks = ranksOf(uids, await deps.store.ranks(mailbox, folder.id, uids, key))
    order = sortedBy(ranks, reverse, order)
  }
  return Array.from(order, (at) => seqs[at] ?? 0)
}

/** The ranks of some messages; 0 for what is gone. */
function ranksOf(uids: readonly number[], { uids: ranked, ranks }: Ranks): Uint32Array<ArrayBuffer> {
  const found = new Uint32Array(uids.length)
  let at = 0
  for (const [place, uid] of uids.entries()) {
    while ((ranked[at] ?? Infinity) < uid) at++
    if (ranked[at] === uid) found[place] = ranks[at] ?? 0
  }
  return found
}

/** Sorts by counting: ranks are no larger than a folder. */
function sortedBy(ranks: Uint32Array<ArrayBuffer>, reverse: boolean, order: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const largest = ranks.reduce((most, rank) => Math.max(most, rank), 0)
  const slotOf = (place: number): number => (reverse ? largest - (ranks[place] ?? 0) : (ranks[place] ?? 0))
  const starts = new Uint32Array(largest + 2)
  for (const place of order) starts[slotOf(place) + 1] = (starts[slotOf(place) + 1] ?? 0) + 1
  for (let slot = 1; slot < starts.length; slot++) starts[slot] = (starts[slot] ?? 0) + (starts[slot - 1] ?? 0)
  const sorted = new Uint32Array(order.length)
  for (const place of order) {
    const slot = slotOf(place)
    sorted[starts[slot] ?? 0] = place
    starts[slot] = (starts[slot] ?? 0) + 1
  }
  return sorted
}
