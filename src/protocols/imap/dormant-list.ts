/**
 * A `MessageList` that is not in memory: what a session must keep of it, so that it can be made again just as the client was told. A session
 * begins with one, for SELECT needs nothing of each message, and comes back to one when it rests.
 *
 * What makes it possible: a message keeps its UID, and a UID is given once. So those that the client counts are the ones up to the largest UID
 * that it was told of, and those of them that went since leave tombstones. Only the flags of what has changed meanwhile cannot be read any more:
 * they are kept packed, unless the client was told of none yet. Their modseqs are not: the cursor stands for them.
 */
import { lowerBound } from '../../mailbox/state-columns.ts'
import type { FolderEntry, FolderStates, MessageState, StateColumns } from '../../mailbox/types.ts'
import { MessageList, UNTOLD } from './message-list.ts'
import type { AppliedChanges, ListSummary } from './message-list.ts'
import { ToldFlags } from './told-flags.ts'
import type { FlagSet } from './told-flags.ts'

type Facts = Omit<ListSummary, 'hasVanished'> & {
  readonly firstRecentUid: number
  /** UIDs, ascending */
  readonly vanished: readonly number[]
  /** of every message; undefined: the client was told of none */
  readonly told: ToldFlags | undefined
}

export class DormantList implements ListSummary {
  #facts: Facts

  constructor(facts: Facts) {
    this.#facts = facts
  }

  /** A folder as a session enters it. */
  static entered({ folder, firstRecentUid, recent }: FolderEntry): DormantList {
    return new DormantList({
      count: folder.total,
      recent,
      keywords: [],
      highestUid: folder.uidNext - 1,
      highestModseq: 0,
      firstRecentUid,
      vanished: [],
      told: undefined,
    })
  }

  /** @param list that knows no more than the cursor says (`Selected.hibernate`) */
  static of(list: MessageList): DormantList {
    const { count, recent, keywords, highestUid, highestModseq, firstRecentUid } = list
    const vanished = [...list.vanished].sort((a, b) => a - b)
    const told = new ToldFlags(count, flagSets(list))
    return new DormantList({ count, recent, keywords, highestUid, highestModseq, firstRecentUid, vanished, told })
  }

  get count(): number {
    return this.#facts.count
  }

  get recent(): number {
    return this.#facts.recent
  }

  get keywords(): readonly string[] {
    return this.#facts.keywords
  }

  get highestUid(): number {
    return this.#facts.highestUid
  }

  get highestModseq(): number {
    return this.#facts.highestModseq
  }

  get hasVanished(): boolean {
    return this.#facts.vanished.length > 0
  }

  /** Takes over changes if they are nothing but new messages; answers whether they were. */
  absorb({ changed, vanished, uidNext }: AppliedChanges & { readonly uidNext: number }): boolean {
    const { highestUid, firstRecentUid, told } = this.#facts
    if (changed.some(({ uid }) => uid <= highestUid) || vanished.some((uid) => uid <= highestUid)) return false
    for (const state of changed) told?.add(state)
    this.#facts = {
      ...this.#facts,
      count: this.count + changed.length,
      recent: this.recent + changed.filter(({ uid }) => uid >= firstRecentUid).length,
      keywords: withKeywords(this.keywords, changed),
      highestUid: Math.max(highestUid, uidNext - 1),
      highestModseq: changed.reduce((highest, { modseq }) => Math.max(highest, modseq), this.highestModseq),
    }
    return true
  }

  /**
   * The list again, as the client was told at `cursor`.
   * @param states of the folder at that cursor and `highestModseq`, or later
   * @param gone UIDs of messages that went since `cursor`, up to when `states` was read or later
   * @returns undefined if it cannot be: something of what went is forgotten
   */
  wake({ modseq, columns }: FolderStates, gone: readonly number[], cursor: number): MessageList | undefined {
    const { count, highestUid, firstRecentUid, vanished, told } = this.#facts
    const memory = { ...this.#facts, vanished }
    // Nothing has happened since: what others have too is shared.
    if (modseq === cursor && vanished.length === 0 && columns.count === count)
      return new MessageList(columns, firstRecentUid, memory)
    const missing = [...new Set([...vanished, ...gone])].filter((uid) => uid <= highestUid).sort((a, b) => a - b)
    const there = lowerBound(columns, highestUid + 1)
    const view = merged(columns, there, missing, { cursor, told: told?.unpack() })
    return view.count === count ? new MessageList(view, firstRecentUid, memory) : undefined
  }
}

function* flagSets(list: MessageList): Iterable<FlagSet> {
  for (let seq = 1; seq <= list.count; seq++)
    yield { flags: list.isUntold(seq) ? UNTOLD : list.state(seq).flags, keywords: list.keywordsOf(seq) }
}

/** Those that were not there before go to the end, in the order that a `MessageList` gives them. */
function withKeywords(before: readonly string[], states: readonly MessageState[]): readonly string[] {
  const known = new Set(before.map((word) => word.toLowerCase()))
  const added: string[] = []
  for (const { keywords } of states) {
    for (const word of [...keywords].sort()) {
      if (known.has(word.toLowerCase())) continue
      known.add(word.toLowerCase())
      added.push(word)
    }
  }
  return added.length === 0 ? before : [...before, ...added]
}

interface Knowledge {
  readonly cursor: number
  /** by index, in the order of the UIDs */
  readonly told: ((index: number) => FlagSet | undefined) | undefined
}

/** The first `there` messages and the missing ones, by UID, with the flags that each had at the cursor. */
function merged(columns: StateColumns, there: number, missing: readonly number[], { cursor, told }: Knowledge): StateColumns {
  const absent = missing.filter((uid) => columns.uids[lowerBound(columns, uid)] !== uid)
  const capacity = there + absent.length
  const uids = new Uint32Array(capacity)
  const modseqs = new Float64Array(capacity)
  const flags = new Uint16Array(capacity)
  const keywords = new Uint32Array(capacity)
  const sets = new KeywordSets()
  let [at, next] = [0, 0]
  for (let index = 0; index < capacity; index++) {
    const uid = at < there ? (columns.uids[at] ?? 0) : Infinity
    const isAbsent = (absent[next] ?? Infinity) < uid
    const modseq = isAbsent ? Infinity : (columns.modseqs[at] ?? 0)
    const words = isAbsent ? [] : (columns.keywordSets[columns.keywords[at] ?? 0] ?? [])
    const stored = isAbsent ? 0 : (columns.flags[at] ?? 0)
    const before = modseq > cursor ? knownFlags(told?.(index)) : { flags: stored, keywords: words }
    uids[index] = isAbsent ? (absent[next] ?? 0) : uid
    modseqs[index] = before ? Math.min(modseq, cursor) : modseq
    flags[index] = before ? before.flags : stored | UNTOLD
    keywords[index] = sets.indexOf(before ? before.keywords : [])
    if (isAbsent) next++
    else at++
  }
  return { count: capacity, uids, modseqs, flags, keywords, keywordSets: sets.all }
}

const knownFlags = (told: FlagSet | undefined): FlagSet | undefined => (told?.flags === UNTOLD ? undefined : told)

/** Numbers sets of keywords as columns want them. */
class KeywordSets {
  readonly all: (readonly string[])[] = [[]]
  readonly #known = new Map<string, number>([['', 0]])

  indexOf(words: readonly string[]): number {
    if (words.length === 0) return 0
    const key = words.join(' ')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    this.#known.set(key, this.all.length)
    return this.all.push(words) - 1
  }
}
