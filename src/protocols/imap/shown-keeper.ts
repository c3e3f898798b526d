/** Lets the store keep BODYSTRUCTUREs as they are shown, some at a time, while the next ones are read. If that fails, they are made again. */
import type { StoredContent } from '../../mailbox/types.ts'
import type { FolderSession } from './session.ts'

const AT_ONCE = 500

type Shown = Pick<StoredContent, 'id' | 'shown'>

export class ShownKeeper {
  readonly #session: Pick<FolderSession, 'mailbox' | 'deps'>
  #gathered: Shown[] = []
  #keeping: Promise<void> = Promise.resolve()

  constructor(session: Pick<FolderSession, 'mailbox' | 'deps'>) {
    this.#session = session
  }

  /** Waits while the ones before are being kept. */
  async add({ id, shown }: Shown): Promise<void> {
    this.#gathered.push({ id, shown })
    if (this.#gathered.length >= AT_ONCE) await this.#keep()
  }

  /** Resolves when all is kept. */
  async end(): Promise<void> {
    if (this.#gathered.length > 0) await this.#keep()
    await this.#keeping
  }

  async #keep(): Promise<void> {
    const gathered = this.#gathered
    this.#gathered = []
    await this.#keeping
    const { mailbox, deps } = this.#session
    this.#keeping = deps.store.keepShown(mailbox, gathered).catch(deps.report)
  }
}
