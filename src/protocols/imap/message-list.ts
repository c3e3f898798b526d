/**
 * What a session knows of the messages of its selected folder: sequence number ↔ UID, flags as the client was told. Compact arrays, about
 * ten bytes a message, shared with other sessions until something changes. A message that has vanished keeps its sequence number until the client is told with EXPUNGE (RFC 3501 7.4.1).
 */
import { lowerBound } from '../../mailbox/state-columns.ts'
import type { FolderChanges, MessageState, StateColumns } from '../../mailbox/types.ts'
import { resolveRanges } from './sequence-set.ts'
import type { SequenceSet } from './sequence-set.ts'

/** Session flag beside the bits of `Flag`: the message is \Recent here. */
export const RECENT = 1 << 14
/** In columns that a list is made of: the client was told of no flags yet, and these are not those that the message had when it was counted. */
export const UNTOLD = 1 << 15

/** What `update` found: other flags, or only another modseq. */
export type Difference = 'flags' | 'modseq' | undefined

export interface Removed {
  /** sequence numbers from the highest to the lowest, so each is right when it is told */
  readonly seqs: number[]
  /** ascending */
  readonly uids: number[]
}

export type AppliedChanges = Pick<FolderChanges, 'changed' | 'vanished'> & Partial<Pick<FolderChanges, 'uidNext'>>

export interface ListChanges {
  /** sequence numbers of known messages whose flags changed, ascending */
  readonly changed: number[]
  /** sequence numbers of known messages whose flags are as they were, though their modseq is not, ascending */
  readonly touched: number[]
  readonly added: number
  /** keywords that no message had before */
  readonly newKeywords: string[]
}

/** What a session must know of its messages at any time. */
export interface ListSummary {
  /** How many messages the client counts, vanished ones included that it was not told of. */
  readonly count: number
  /** how many of them are \Recent */
  readonly recent: number
  /** Keywords in use, as first seen. */
  readonly keywords: readonly string[]
  /** The largest UID that a message of the folder was seen to have or have had, 0 if there was none. */
  readonly highestUid: number
  /** The largest modseq that a change brought; 0 before the first. */
  readonly highestModseq: number
  /** Are there messages that are gone and have their numbers still? */
  readonly hasVanished: boolean
}

/** What a list has seen that the states of its messages do not tell. */
export interface ListMemory extends Pick<ListSummary, 'keywords' | 'highestUid' | 'highestModseq'> {
  readonly vanished: Iterable<number>
}

type OwnArray = Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

export class MessageList implements ListSummary {
  #uids: Uint32Array<ArrayBuffer>
  #modseqs: Float64Array<ArrayBuffer>
  #flags: Uint16Array<ArrayBuffer>
  /** index into #keywordSets */
  #keywords: Uint32Array<ArrayBuffer>
  #count: number
  /** arrays of the list's own; the others are those of the columns that it was made of, and must not be changed */
  readonly #own = new Set<OwnArray>()
  /** a message is appended once: its UID is larger than this */
  #highest: number
  /** the largest modseq that a change brought */
  #highestModseq = 0
  readonly #keywordSets: (readonly string[])[] = [[]]
  readonly #keywordIndex = new Map<string, number>([['', 0]])
  /** lower case → as first seen */
  readonly #knownKeywords = new Map<string, string>()
  readonly #vanished = new Set<number>()
  readonly #firstRecentUid: number

  /**
   * @param columns states in the order of their UIDs
   * @param firstRecentUid from this UID on messages are \Recent, also those that are added; Infinity: none ever is
   * @param memory of the list that this one takes the place of
   */
  constructor(columns: StateColumns, firstRecentUid: number, memory?: ListMemory) {
    this.#uids = columns.uids
    this.#modseqs = columns.modseqs
    this.#flags = columns.flags
    this.#keywords = columns.keywords
    this.#count = columns.count
    this.#highest = Math.max(this.lastUid, memory?.highestUid ?? 0)
    this.#highestModseq = memory?.highestModseq ?? 0
    for (const word of memory?.keywords ?? []) this.#know(word)
    this.#firstRecentUid = firstRecentUid
    const indexes = columns.keywordSets.map((words) => this.#intern(words))
    if (indexes.some((index, at) => index !== at)) {
      this.#ownKeywords()
      for (let at = 0; at < this.#count; at++) this.#keywords[at] = indexes[this.#keywords[at] ?? 0] ?? 0
    }
    this.vanish(memory?.vanished ?? [])
  }

  get count(): number {
    return this.#count
  }

  get recent(): number {
    return this.#count - this.#lowerBound(this.#firstRecentUid)
  }

  get firstRecentUid(): number {
    return this.#firstRecentUid
  }

  get keywords(): string[] {
    return [...this.#knownKeywords.values()]
  }

  /** The largest UID, 0 if there is none. */
  get lastUid(): number {
    return this.#count === 0 ? 0 : this.uid(this.#count)
  }

  get highestUid(): number {
    return this.#highest
  }

  get highestModseq(): number {
    return this.#highestModseq
  }

  get hasVanished(): boolean {
    return this.#vanished.size > 0
  }

  /** UIDs of those that are gone and have their numbers still, in any order. */
  get vanished(): Iterable<number> {
    return this.#vanished
  }

  uid(seq: number): number {
    return this.#uids[seq - 1] ?? 0
  }

  modseq(seq: number): number {
    return this.#modseqs[seq - 1] ?? 0
  }

  flags(seq: number): number {
    return ((this.#flags[seq - 1] ?? 0) & ~UNTOLD) | (this.uid(seq) >= this.#firstRecentUid ? RECENT : 0)
  }

  /** The client knows no flags of it, and those here are not those that it had when it was counted. */
  isUntold(seq: number): boolean {
    return ((this.#flags[seq - 1] ?? 0) & UNTOLD) !== 0
  }

  keywordsOf(seq: number): readonly string[] {
    return this.#keywordSets[this.#keywords[seq - 1] ?? 0] ?? []
  }

  /** A message as the client knows it. */
  state(seq: number): MessageState {
    return { uid: this.uid(seq), modseq: this.modseq(seq), flags: this.flags(seq) & ~RECENT, keywords: this.keywordsOf(seq) }
  }

  /** A keyword in the spelling that the folder knows, or as given. */
  spelling(keyword: string): string {
    return this.#knownKeywords.get(keyword.toLowerCase()) ?? keyword
  }

  isVanished(seq: number): boolean {
    return this.#vanished.size > 0 && this.#vanished.has(this.uid(seq))
  }

  /** The sequence number of a UID, or 0. */
  seq(uid: number): number {
    const index = this.#lowerBound(uid)
    return this.#uids[index] === uid && index < this.#count ? index + 1 : 0
  }

  /** Sequence numbers that a set of UIDs names, ascending; UIDs that do not exist name nothing. */
  seqsOfUids(set: SequenceSet): number[] {
    return this.#expand(resolveRanges(set, this.lastUid).map(([from, to]) => [this.#lowerBound(from), this.#lowerBound(to + 1)]))
  }

  /** Sequence numbers of a set, ascending; undefined if it names one that does not exist. "*" in an empty folder names nothing. */
  seqs(set: SequenceSet): number[] | undefined {
    const written = this.#count === 0 ? set.filter((range) => !range.includes(Infinity)) : set
    const ranges = resolveRanges(written, this.#count)
    if (ranges.some(([, to]) => to > this.#count)) return undefined
    return this.#expand(ranges.map(([from, to]) => [from - 1, to]))
  }

  /** Takes over what the store says has changed. Vanished messages stay until `takeVanished`. */
  apply(changes: AppliedChanges): ListChanges {
    const keywordsBefore = this.#knownKeywords.size
    const countBefore = this.#count
    const changed: number[] = []
    const touched: number[] = []
    for (const state of changes.changed) {
      if (state.uid > this.#highest) this.#append(state)
      else {
        const difference = this.update(state)
        if (difference) (difference === 'flags' ? changed : touched).push(this.seq(state.uid))
      }
    }
    this.vanish(changes.vanished)
    // What came and went in between had a UID too.
    if (changes.uidNext !== undefined) this.#highest = Math.max(this.#highest, changes.uidNext - 1)
    return {
      changed: changed.sort((a, b) => a - b),
      touched: touched.sort((a, b) => a - b),
      added: this.#count - countBefore,
      newKeywords: this.keywords.slice(keywordsBefore),
    }
  }

  /** Sets the state of a known message. */
  update(state: MessageState): Difference {
    const index = this.seq(state.uid) - 1
    if (index < 0) return undefined
    const keywords = this.#intern(state.keywords)
    const same = this.#flags[index] === state.flags && this.#keywords[index] === keywords
    if (same && this.#modseqs[index] === state.modseq) return undefined
    this.#ownStates()
    this.#setModseq(index, state.modseq)
    this.#flags[index] = state.flags
    if (this.#keywords[index] !== keywords) {
      this.#ownKeywords()
      this.#keywords[index] = keywords
    }
    return same ? 'modseq' : 'flags'
  }

  /** Marks messages as gone: they go with the next `takeVanished`. */
  vanish(uids: Iterable<number>): void {
    for (const uid of uids) if (this.seq(uid) > 0) this.#vanished.add(uid)
  }

  /** Removes what has vanished. */
  takeVanished(): Removed {
    if (this.#vanished.size === 0) return { seqs: [], uids: [] }
    this.#ownAll()
    const seqs: number[] = []
    const uids: number[] = []
    let kept = 0
    for (let index = 0; index < this.#count; index++) {
      const uid = this.#uids[index] ?? 0
      if (this.#vanished.has(uid)) {
        seqs.push(index + 1)
        uids.push(uid)
        continue
      }
      this.#uids[kept] = uid
      this.#modseqs[kept] = this.#modseqs[index] ?? 0
      this.#flags[kept] = this.#flags[index] ?? 0
      this.#keywords[kept] = this.#keywords[index] ?? 0
      kept++
    }
    this.#count = kept
    this.#vanished.clear()
    return { seqs: seqs.reverse(), uids }
  }

  /** Gives back memory at once: a process that rests does not collect garbage. The list is empty then. */
  release(): void {
    for (const { buffer } of this.#own) buffer.transfer(0)
    this.#own.clear()
    this.#count = 0
  }

  #append(state: MessageState): void {
    this.#ownAll()
    if (this.#count === this.#uids.length) this.#resize(Math.max(16, this.#count * 2))
    this.#uids[this.#count] = state.uid
    this.#setModseq(this.#count, state.modseq)
    this.#flags[this.#count] = state.flags
    this.#keywords[this.#count] = this.#intern(state.keywords)
    this.#highest = state.uid
    this.#count++
  }

  #setModseq(index: number, modseq: number): void {
    this.#modseqs[index] = modseq
    this.#highestModseq = Math.max(this.#highestModseq, modseq)
  }

  /** Before flags and modseqs are changed. */
  #ownStates(): void {
    this.#modseqs = this.#owned(this.#modseqs, (size) => new Float64Array(size))
    this.#flags = this.#owned(this.#flags, (size) => new Uint16Array(size))
  }

  #ownKeywords(): void {
    this.#keywords = this.#owned(this.#keywords, (size) => new Uint32Array(size))
  }

  /** Before the number of messages changes. */
  #ownAll(): void {
    this.#ownStates()
    this.#ownKeywords()
    this.#uids = this.#owned(this.#uids, (size) => new Uint32Array(size))
  }

  #resize(capacity: number): void {
    this.#modseqs = this.#copied(this.#modseqs, new Float64Array(capacity))
    this.#flags = this.#copied(this.#flags, new Uint16Array(capacity))
    this.#keywords = this.#copied(this.#keywords, new Uint32Array(capacity))
    this.#uids = this.#copied(this.#uids, new Uint32Array(capacity))
  }

  #owned<T extends OwnArray>(array: T, make: (size: number) => T): T {
    return this.#own.has(array) ? array : this.#copied(array, make(this.#count))
  }

  #copied<T extends OwnArray>(from: T, into: T): T {
    into.set(from.subarray(0, this.#count))
    if (this.#own.delete(from)) from.buffer.transfer(0)
    this.#own.add(into)
    return into
  }

  #intern(keywords: readonly string[]): number {
    if (keywords.length === 0) return 0
    const sorted = [...keywords].sort()
    const key = sorted.join(' ')
    const known = this.#keywordIndex.get(key)
    if (known !== undefined) return known
    for (const word of sorted) this.#know(word)
    this.#keywordIndex.set(key, this.#keywordSets.length)
    return this.#keywordSets.push(sorted) - 1
  }

  #know(word: string): void {
    if (!this.#knownKeywords.has(word.toLowerCase())) this.#knownKeywords.set(word.toLowerCase(), word)
  }

  /** The index of the first UID that is not smaller. */
  #lowerBound(uid: number): number {
    return lowerBound({ count: this.#count, uids: this.#uids }, uid)
  }

  #expand(ranges: (readonly [from: number, to: number])[]): number[] {
    const seqs: number[] = []
    for (const [from, to] of ranges) for (let index = from; index < to; index++) seqs.push(index + 1)
    return seqs
  }
}
