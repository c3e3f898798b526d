/** SORT (RFC 5256 3, RFC 5957): in which order messages are. The store knows their places by each key; here keys are put together. */
import type { SortKey } from '../../mailbox/search-types.ts'
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
  /** by sequence number */
  const places = new Int32Array(list.count + 1).fill(-1)
  for (const [at, seq] of seqs.entries()) places[seq] = at
  const columns: Float64Array[] = []
  for (const { key, reverse } of criteria) {
    const column = new Float64Array(seqs.length)
    const { uids: ranked, ranks } = await deps.store.ranks(mailbox, folder.id, uids, key)
    for (const [at, uid] of ranked.entries()) {
      const place = places[list.seq(uid)] ?? -1
      if (place >= 0) column[place] = (ranks[at] ?? 0) * (reverse ? -1 : 1)
    }
    columns.push(column)
  }
  const order = Uint32Array.from(seqs.keys()).sort((a, b) => {
    for (const column of columns) {
      const difference = (column[a] ?? 0) - (column[b] ?? 0)
      if (difference !== 0) return difference
    }
    return a - b
  })
  return Array.from(order, (at) => seqs[at] ?? 0)
}
