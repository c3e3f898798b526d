/** The folder that a session has selected: what it knows of it, up to which cursor, and whether there is a hint of more. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CeralaccaError } from '../../base/errors.ts'
import { canonicalName } from '../../mailbox/folder-names.ts'
import type { Folder, FolderEntry, FolderStates } from '../../mailbox/types.ts'
import { DormantList } from './dormant-list.ts'
import type { ListSummary, MessageList } from './message-list.ts'
import type { NumberRange } from './sequence-set.ts'

/** Milliseconds until a folder that could not be read is read again for who waits. */
const RETRY = 1000

export class Selected {
  readonly folder: Folder
  readonly readOnly: boolean
  /** changes up to here are in the list */
  cursor: number
  /** the client was told of every change up to here; behind the cursor while it is not told of messages that are gone */
  toldModseq: number
  /** the client was told how far back that is */
  toldBehind = false
  /** UIDs that the last SEARCH saved (RFC 5182); those that are gone count no more */
  savedSearch: readonly NumberRange[] = []
  /** how many of the list's keywords the client was told of */
  toldKeywords = 0
  /** UIDs that the session has itself added, and that were not told yet */
  readonly own = new Set<number>()
  /** flags have changed above `toldModseq` of which the client did not want to hear */
  flagsUntold = false
  /** the moment (`performance.now()`) since when nothing is done with the folder; undefined while something is */
  restingSince: number | undefined
  readonly #unwatch: () => void
  #loaded: MessageList | undefined
  #dormant: DormantList
  #hinted = false
  /** hints of the store, ever */
  #heard = 0
  #demanded = false
  #retryAt = 0
  #wake: (() => void) | undefined

  /** @param watch registers a listener for hints and answers how to end that; registered before the folder was entered */
  constructor(entry: FolderEntry, readOnly: boolean, watch: FolderWatch) {
    const { folder } = entry
    this.folder = folder
    this.readOnly = readOnly
    this.#dormant = DormantList.entered(entry)
    this.cursor = folder.modseq
    this.toldModseq = folder.modseq
    this.#unwatch = watch.stop
    this.#hinted = watch.hinted
    watch.listener = (hints) => {
      this.#heard += hints
      this.hint()
    }
  }

  /** The messages, for commands that work on them: it is in memory then (`Command.needsList`). */
  get list(): MessageList {
    if (!this.#loaded) throw new CeralaccaError('imap-list', 'bug', 'the list of messages is not in memory')
    return this.#loaded
  }

  get isLoaded(): boolean {
    return this.#loaded !== undefined
  }

  /** What is known of the list also while it is not in memory. */
  get summary(): ListSummary {
    return this.#loaded ?? this.#dormant
  }

  /** The list while it is not in memory. */
  get dormant(): DormantList | undefined {
    return this.#loaded ? undefined : this.#dormant
  }

  /** Brings the list into memory; false if that cannot be (`DormantList.wake`). */
  wakeList(states: FolderStates, gone: readonly number[]): boolean {
    this.#loaded ??= this.#dormant.wake(states, gone, this.cursor)
    if (!this.#loaded) return false
    if (states.modseq !== this.cursor) this.hint()
    return true
  }

  /**
   * Gives back the memory of the list. One that knows more than the cursor says, or has removals that wait to be told, stays as it is: what it told
   * of modseqs could not be told again.
   */
  hibernate(): void {
    if (!this.#loaded || this.#loaded.hasVanished || this.#loaded.highestModseq > this.cursor) return
    this.#dormant = DormantList.of(this.#loaded)
    this.#loaded.release()
    this.#loaded = undefined
  }

  /** The largest UID that a message of the folder has or had, as far as the session knows. */
  get lastUid(): number {
    return this.summary.highestUid
  }

  /** Something may have changed: the next chance to read is taken. */
  hint(): void {
    this.#hinted = true
    this.wake()
  }

  /** The session has itself added or removed messages: it must be told, whatever it wants to hear. */
  demand(): void {
    this.#demanded = true
    this.hint()
  }

  /** The session has itself added messages to a folder, perhaps this one. */
  added(name: string, uids: readonly number[]): void {
    if (canonicalName(name) !== this.folder.name) return this.hint()
    for (const uid of uids) this.own.add(uid)
    this.demand()
  }

  takeDemand(): boolean {
    const demanded = this.#demanded
    this.#demanded = false
    return demanded
  }

  /** The folder could not be read: the next command tries again, and who waits for news does so in a while. */
  hintAgain(): void {
    this.#retryAt = performance.now() + RETRY
    this.#hinted = true
  }

  /** Was there a hint since the last call? */
  takeHint(): boolean {
    const hinted = this.#hinted
    this.#hinted = false
    return hinted
  }

  /** Before a change of the session's own: what `forgetOwnHint` wants. */
  get mark(): number | undefined {
    return this.#hinted ? undefined : this.#heard
  }

  /** After it, when the list has it: if no more than one hint came since `mark`, it told of that change, and nothing need be read for it. */
  async forgetOwnHint(mark: number | undefined): Promise<void> {
    await nextTurn()
    if (mark !== undefined && this.#heard === mark + 1) this.#hinted = false
  }

  /** Waits for a hint, `wake`, or `ms`; after a failure for a new hint, or a while. */
  async wait(ms: number): Promise<void> {
    const pause = this.#retryAt - performance.now()
    if (this.#hinted && pause <= 0) return
    this.restingSince = performance.now()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#hinted ? Math.min(pause, ms) : ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
    this.restingSince = undefined
  }

  wake(): void {
    this.#wake?.()
  }

  close(): void {
    this.#unwatch()
    this.wake()
  }
}

/** Hints from before there is a `Selected` to take them. */
export class FolderWatch {
  hinted = false
  listener: (hints: number) => void = () => {
    this.hinted = true
  }
  readonly stop: () => void

  constructor(watch: (listener: (hints: number) => void) => () => void) {
    this.stop = watch((hints) => this.listener(hints))
  }
}
