/** One connection: its link, its session, how they end. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import { Link } from '../wire/link.ts'
import type { Served } from '../wire/ports.ts'
import type { Opened, SessionDeps } from './session.ts'
import { runSession } from './session-loop.ts'
import type { LoopSession } from './session-loop.ts'

export class Connection implements LoopSession, Served {
  readonly deps: SessionDeps
  readonly link: Link
  user: string | undefined = undefined
  opened: Opened | undefined = undefined
  ended = false
  busy = true

  constructor(deps: SessionDeps, socket: Socket, context: SecureContext) {
    this.deps = deps
    this.link = new Link(socket, { context, times: deps.limits, onExpiry: () => this.#expire() })
  }

  async serve(): Promise<void> {
    try {
      await runSession(this)
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) {
        // A reply that broke off cannot be mended: the client must not take what it has for the whole.
        this.deps.report(error)
        this.link.cut()
      }
    }
    await this.link.end()
  }

  /** A command at work is answered, if that does not take too long. There is no word of good-bye in POP3. */
  shutDown(): void {
    this.ended = true
    if (this.busy) this.link.cutLater()
    else void this.link.end()
  }

  /** RFC 1939 3: without a word, and nothing is removed. */
  #expire(): void {
    this.ended = true
    this.link.cut()
  }
}
