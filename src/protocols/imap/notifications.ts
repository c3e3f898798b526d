/** What a session wants to hear unasked (RFC 5465), what of folders it was told, and whether there is a hint of more. */
import type { Folder } from '../../mailbox/types.ts'
import type { FetchItem } from './fetch-items.ts'
import { NOTHING } from './notify-request.ts'
import type { NotifyRequest } from './notify-request.ts'
import { knownFolders } from './notify-folders.ts'
import type { KnownFolders } from './notify-folders.ts'

export interface NotificationDeps {
  /** registers a listener for hints, and answers how to end that */
  readonly watch: (listener: () => void) => () => void
  /** tells items of messages of the selected folder */
  readonly describe: (items: readonly FetchItem[], seqs: readonly number[]) => Promise<void>
  /** milliseconds between two looks at all the folders, at least */
  readonly pause: number
}

export class Notifications {
  readonly describe: NotificationDeps['describe']
  #request: NotifyRequest
  #known: Map<string, Folder> = new Map()
  readonly #pause: number
  readonly #unwatch: () => void
  #hinted = false
  /** a hint that nobody has waited for yet */
  #awake = false
  /** when the folders may be looked at again, milliseconds on the process's clock */
  #restedAt = 0
  #wake: (() => void) | undefined

  constructor(request: NotifyRequest, { watch, describe, pause }: NotificationDeps) {
    this.#request = request
    this.describe = describe
    this.#pause = pause
    this.#unwatch = this.isSilent ? () => undefined : watch(() => this.hint())
  }

  /** The client wants to hear of nothing. */
  get isSilent(): boolean {
    return this.#request.groups.length === 0 && this.#request.selected === undefined
  }

  get selected(): NotifyRequest['selected'] {
    return this.#request.selected
  }

  get groups(): NotifyRequest['groups'] {
    return this.#request.groups
  }

  /** Folders as the client knows them. */
  get known(): KnownFolders {
    return this.#known
  }

  /** The client was told that the folders are like this. */
  know(folders: readonly Folder[]): void {
    this.#known = knownFolders(folders)
  }

  /** The client has itself made or changed folders, and need not be told. */
  expect(change: (folders: Folder[]) => readonly Folder[]): void {
    if (this.#known.size > 0) this.know(change([...this.#known.values()]))
  }

  /** Something may have changed. */
  hint(): void {
    this.#hinted = true
    this.wake()
  }

  /** Are the folders to be looked at? Not too often: what has happened meanwhile is told together. */
  takeHint(): boolean {
    if (!this.#hinted || performance.now() < this.#restedAt) return false
    this.#hinted = false
    this.#restedAt = performance.now() + this.#pause
    return true
  }

  /** Waits for a hint, `wake`, or the time to look at the folders again; at most `ms`. Answers whether it waited so long for nothing. */
  async wait(ms: number): Promise<boolean> {
    const rest = this.#hinted ? Math.max(0, this.#restedAt - performance.now()) : ms
    let idle = false
    if (!this.#awake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          idle = !this.#hinted
          resolve()
        }, rest)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#awake = false
    return idle
  }

  wake(): void {
    this.#awake = true
    this.#wake?.()
  }

  /** From now on nothing is told (RFC 5465 5.8). */
  silence(): void {
    this.close()
    this.#request = NOTHING
    this.#known = new Map()
  }

  close(): void {
    this.#unwatch()
    this.wake()
  }
}
