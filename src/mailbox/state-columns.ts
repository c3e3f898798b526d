/**
 * The states of all messages of a folder as columns: 18 bytes a message, where objects take two hundred. They never change once made, so that
 * sessions may share them.
 */
import type { FolderChanges, MessageState, StateColumns } from './types.ts'

/** States as queries.ts gives them: arrays in step as PostgreSQL writes them, keywords of the messages that have some. */
export interface PackedStates {
  readonly uids: string
  readonly modseqs: string
  readonly flags: string
  readonly keywords: readonly (readonly [uid: number, words: readonly string[]])[] | null
}

/** Gathers states, in the order of their UIDs. */
class Columns implements StateColumns {
  count = 0
  readonly uids: Uint32Array<ArrayBuffer>
  readonly modseqs: Float64Array<ArrayBuffer>
  readonly flags: Uint16Array<ArrayBuffer>
  readonly keywords: Uint32Array<ArrayBuffer>
  readonly keywordSets: (readonly string[])[] = [[]]
  readonly #known = new Map<string, number>([['', 0]])

  constructor(capacity: number) {
    this.uids = new Uint32Array(capacity)
    this.modseqs = new Float64Array(capacity)
    this.flags = new Uint16Array(capacity)
    this.keywords = new Uint32Array(capacity)
  }

  add(uid: number, modseq: number, flags: number, keywords: readonly string[]): void {
    const at = this.count++
    this.uids[at] = uid
    this.modseqs[at] = modseq
    this.flags[at] = flags
    if (keywords.length > 0) this.keywords[at] = this.intern(keywords)
  }

  intern(words: readonly string[]): number {
    // No keyword holds a blank.
    const key = words.join(' ')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.#known.set(key, this.keywordSets.length)
    return this.keywordSets.push(words) - 1
  }
}

export function columnsOf(states: readonly MessageState[]): StateColumns {
  const columns = new Columns(states.length)
  for (const { uid, modseq, flags, keywords } of states) columns.add(uid, modseq, flags, keywords)
  return columns
}

/** @param packed by UID */
export function unpackStates({ uids, modseqs, flags, keywords }: PackedStates): StateColumns {
  const numbers = numbersOf(uids)
  const columns = new Columns(numbers.length)
  columns.count = numbers.length
  columns.uids.set(numbers)
  columns.modseqs.set(numbersOf(modseqs))
  columns.flags.set(numbersOf(flags))
  for (const [uid, words] of keywords ?? []) columns.keywords[lowerBound(columns, uid)] = columns.intern(words)
  return columns
}

/** The same as objects, by UID; they may come in any order. */
export function unpackMessages({ uids, modseqs, flags, keywords }: PackedStates): MessageState[] {
  const [modseqOf, flagsOf] = [numbersOf(modseqs), numbersOf(flags)]
  const wordsOf = new Map(keywords)
  return numbersOf(uids)
    .map((uid, at) => ({ uid, modseq: modseqOf[at] ?? 0, flags: flagsOf[at] ?? 0, keywords: wordsOf.get(uid) ?? NONE }))
    .sort((a, b) => a.uid - b.uid)
}

const NONE: readonly string[] = []

/** Reads `{1,2,3}`; JSON's parser is the fastest that there is. */
export const numbersOf = (list: string): number[] => JSON.parse(`[${list.slice(1, -1)}]`) as number[]

/** What the columns are after changes. What no change has touched is shared with those before. */
export function changedColumns(before: StateColumns, changes: Pick<FolderChanges, 'changed' | 'vanished'>): StateColumns {
  return restated(before, changes) ?? rebuilt(before, changes)
}

/** If changes are of nothing but flags: most are, and of few messages. */
function restated(
  before: StateColumns,
  { changed, vanished }: Pick<FolderChanges, 'changed' | 'vanished'>,
): StateColumns | undefined {
  if (vanished.some((uid) => indexOf(before, uid) >= 0)) return undefined
  const places = changed.map(({ uid, keywords }) => {
    const at = indexOf(before, uid)
    return at >= 0 && isSame(keywords, before.keywordSets[before.keywords[at] ?? 0] ?? NONE) ? at : -1
  })
  if (places.includes(-1)) return undefined
  const modseqs = before.modseqs.slice(0, before.count)
  const flags = before.flags.slice(0, before.count)
  for (const [index, at] of places.entries()) {
    modseqs[at] = changed[index]?.modseq ?? 0
    flags[at] = changed[index]?.flags ?? 0
  }
  return { ...before, modseqs, flags }
}

const isSame = (words: readonly string[], others: readonly string[]): boolean =>
  words.length === others.length && words.every((word, at) => word === others[at])

function rebuilt(before: StateColumns, { changed, vanished }: Pick<FolderChanges, 'changed' | 'vanished'>): StateColumns {
  const gone = new Set(vanished)
  const columns = new Columns(before.count + changed.length)
  let next = 0
  for (let at = 0; at < before.count; at++) {
    const uid = before.uids[at] ?? 0
    const change = changed[next]?.uid === uid ? changed[next++] : undefined
    if (gone.has(uid)) continue
    const words = before.keywordSets[before.keywords[at] ?? 0] ?? []
    if (change) columns.add(uid, change.modseq, change.flags, change.keywords)
    else columns.add(uid, before.modseqs[at] ?? 0, before.flags[at] ?? 0, words)
  }
  for (const { uid, modseq, flags, keywords } of changed.slice(next)) columns.add(uid, modseq, flags, keywords)
  return columns
}

export function statesOf({ count, uids, modseqs, flags, keywords, keywordSets }: StateColumns): MessageState[] {
  return Array.from({ length: count }, (_, at) => ({
    uid: uids[at] ?? 0,
    modseq: modseqs[at] ?? 0,
    flags: flags[at] ?? 0,
    keywords: keywordSets[keywords[at] ?? 0] ?? [],
  }))
}

/** The index of a UID, -1 if there is none. */
function indexOf(columns: StateColumns, uid: number): number {
  const at = lowerBound(columns, uid)
  return at < columns.count && columns.uids[at] === uid ? at : -1
}

/** The index of the first UID that is not smaller. */
export function lowerBound({ count, uids }: Pick<StateColumns, 'count' | 'uids'>, uid: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}
