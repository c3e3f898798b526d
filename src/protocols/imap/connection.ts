/** One connection: its link, its session, how they end. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { CeralaccaError } from '../../base/errors.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import { ConnectionClosed } from '../wire/connection-closed.ts'
import type { Input } from '../wire/input.ts'
import { Link } from '../wire/link.ts'
import type { Output } from '../wire/output.ts'
import type { Served } from '../wire/ports.ts'
import { formatText } from '../wire/text.ts'
import { compress } from './compression.ts'
import type { Hibernator } from './hibernation.ts'
import type { Notifications } from './notifications.ts'
import type { Selected } from './selected.ts'
import { bye } from './session.ts'
import type { Extension, ImapLogin, Session, SessionDeps } from './session.ts'
import { runSession } from './session-loop.ts'

export class Connection implements Session, Hibernator, Served {
  readonly deps: SessionDeps
  readonly input: Input
  readonly output: Output
  readonly clientAddress: string
  compressed = false
  mailbox: MailboxRef | undefined = undefined
  selected: Selected | undefined = undefined
  notify: Notifications | undefined = undefined
  readonly enabled = new Set<Extension>()
  tag = ''
  ended = false
  closing: string | undefined = undefined
  busy = false
  readonly #link: Link
  #checkTimer: NodeJS.Timeout | undefined
  #releaseCompression: () => boolean = () => false

  constructor(deps: SessionDeps, socket: Socket, context: SecureContext) {
    this.deps = deps
    this.#link = new Link(socket, { context, times: deps.limits, onExpiry: () => this.#expire() })
    this.input = this.#link.input
    this.output = this.#link.output
    this.clientAddress = this.#link.clientAddress
  }

  get secure(): boolean {
    return this.#link.secure
  }

  get channelBinding(): Buffer | undefined {
    return this.#link.channelBinding
  }

  /** Serves the client until the connection is closed. */
  async serve(): Promise<void> {
    try {
      await runSession(this)
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) {
        // No answer can be given any more.
        this.deps.report(error)
        this.#link.cut()
      }
    } finally {
      clearInterval(this.#checkTimer)
      await this.#link.end()
    }
  }

  loggedIn({ mailbox, check }: ImapLogin): void {
    this.mailbox = mailbox
    this.#link.loggedIn()
    if (check) this.#checkTimer = setInterval(() => void this.#checkLogin(check), this.deps.limits.loginCheck)
  }

  startTls(): Promise<void> {
    return this.#link.startTls()
  }

  startCompression(): void {
    const { release } = this.#link.insert(compress)
    this.#releaseCompression = release
    this.compressed = true
  }

  /** A client that wants to be notified stays awake: what it was not told yet is kept with the list. */
  hibernate(since: number): boolean {
    const { selected } = this
    if (!selected || this.notify || (selected.restingSince ?? Infinity) > since) return false
    const wasLoaded = selected.isLoaded
    selected.hibernate()
    return this.#releaseCompression() || wasLoaded
  }

  /** Says good-bye as soon as no command is at work; cuts the connection if that takes too long. */
  shutDown(): void {
    if (this.busy) this.#link.cutLater()
    this.#close('Server is shutting down')
  }

  #close(text: string): void {
    if (this.busy) this.closing = text
    else this.#sayBye(text)
  }

  /** A session may outlive what it was opened with. */
  async #checkLogin(check: () => Promise<void>): Promise<void> {
    try {
      await check()
    } catch (error) {
      // Where the answer cannot be had the session goes on: the next time will tell.
      if (!(error instanceof CeralaccaError && error.fault === 'client')) return this.deps.report(error)
      if (!this.ended) this.#close(formatText(error.message))
    }
  }

  #expire(): void {
    if (this.busy) this.#link.cut()
    else this.#sayBye('Idle for too long')
  }

  #sayBye(text: string): void {
    bye(this, text)
    // The flush fails if the client is gone, which is what is wanted.
    this.output.flush().catch(() => this.#link.cut())
    void this.#link.end()
  }
}
