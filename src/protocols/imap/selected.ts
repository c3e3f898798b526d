/** The folder that a session has selected: what it knows of it, up to which cursor, and whether there is a hint of more. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { canonicalName } from '../../mailbox/folder-names.ts'
import type { Folder, FolderSnapshot } from '../../mailbox/types.ts'
import { MessageList } from './message-list.ts'
import type { NumberRange } from './sequence-set.ts'

export class Selected {
  readonly folder: Folder
  readonly readOnly: boolean
  readonly list: MessageList
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
  readonly #unwatch: () => void
  #hinted = false
  /** hints of the store, ever */
  #heard = 0
  #demanded = false
  #wake: (() => void) | undefined

  /** @param watch registers a listener for hints and answers how to end that; registered before the snapshot was taken */
  constructor({ folder, columns, firstRecentUid }: FolderSnapshot, readOnly: boolean, watch: FolderWatch) {
    this.folder = folder
    this.readOnly = readOnly
    this.list = new MessageList(columns, firstRecentUid)
    this.cursor = folder.modseq
    this.toldModseq = folder.modseq
    this.#unwatch = watch.stop
    this.#hinted = watch.hinted
    watch.listener = () => {
      this.#heard++
      this.hint()
    }
  }

  /** The largest UID that a message of the folder has or had, as far as the session knows. */
  get lastUid(): number {
    return Math.max(this.folder.uidNext - 1, this.list.highestUid)
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

  /** After it, when the list has it: if one hint came since `mark`, it told of that change, and nothing need be read for it. */
  async forgetOwnHint(mark: number | undefined): Promise<void> {
    await nextTurn()
    if (mark !== undefined && this.#heard === mark + 1) this.#hinted = false
  }

  /** Waits for a hint, `wake`, or `ms`. */
  async wait(ms: number): Promise<void> {
    if (this.#hinted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
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
  listener: () => void = () => {
    this.hinted = true
  }
  readonly stop: () => void

  constructor(watch: (listener: () => void) => () => void) {
    this.stop = watch(() => this.listener())
  }
}
