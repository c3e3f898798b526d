/** How many connections a server serves: one that was broken off is served until its last command is done. */
import type { ConnectionLimits } from '../../../src/base/connection-limits.ts'

export class Served implements ConnectionLimits {
  readonly #clients = new Set<object>()
  #wake: () => void = () => undefined

  connected(client: object): boolean {
    this.#clients.add(client)
    return true
  }

  loggedIn(): boolean {
    return true
  }

  closed(client: object): void {
    this.#clients.delete(client)
    this.#wake()
  }

  /** Waits until no more than so many are served. */
  async downTo(count: number): Promise<void> {
    while (this.#clients.size > count) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}
