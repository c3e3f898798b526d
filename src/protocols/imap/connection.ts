/** One connection: its socket, plain or encrypted, its timers, its session. */
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { CeralaccaError } from '../../base/errors.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import { channelBindingOf } from '../sasl/channel-binding.ts'
import { compress } from './compression.ts'
import { ConnectionClosed } from './errors.ts'
import type { Hibernator } from './hibernation.ts'
import { Input } from './input.ts'
import type { Notifications } from './notifications.ts'
import { Output } from './output.ts'
import type { Selected } from './selected.ts'
import { bye } from './session.ts'
import type { Extension, ImapLogin, Session, SessionDeps } from './session.ts'
import { runSession } from './session-loop.ts'
import { formatText } from './strings.ts'

/** How long a client may take to hear the last words. */
const LINGER = 5000

export class Connection implements Session, Hibernator {
  readonly deps: SessionDeps
  readonly input = new Input()
  readonly output: Output
  readonly clientAddress: string
  secure: boolean
  compressed = false
  mailbox: MailboxRef | undefined = undefined
  selected: Selected | undefined = undefined
  notify: Notifications | undefined = undefined
  readonly enabled = new Set<Extension>()
  tag = ''
  ended = false
  closing: string | undefined = undefined
  busy = true
  readonly #context: SecureContext
  readonly #loginTimer: NodeJS.Timeout
  #checkTimer: NodeJS.Timeout | undefined
  #socket: Socket
  /** what the last bytes go to, and what is ended to end the connection */
  #sink: Writable
  #releaseCompression: () => boolean = () => false

  constructor(deps: SessionDeps, socket: Socket, context: SecureContext) {
    this.deps = deps
    this.#socket = socket
    this.#sink = socket
    this.#context = context
    this.secure = socket instanceof TLSSocket
    this.clientAddress = socket.remoteAddress ?? ''
    this.output = new Output(socket)
    this.#loginTimer = setTimeout(() => this.#expire(), deps.limits.loginTime)
    this.#watch(socket)
    socket.setNoDelay(true)
  }

  /** Serves the client until the connection is closed. */
  async serve(): Promise<void> {
    this.input.attach(this.#socket)
    this.busy = false
    try {
      await runSession(this)
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) {
        // No answer can be given any more.
        this.deps.report(error)
        this.#socket.destroy()
      }
    } finally {
      clearTimeout(this.#loginTimer)
      clearInterval(this.#checkTimer)
      await this.#end()
    }
  }

  get channelBinding(): Buffer | undefined {
    return channelBindingOf(this.#socket)
  }

  loggedIn({ mailbox, check }: ImapLogin): void {
    this.mailbox = mailbox
    clearTimeout(this.#loginTimer)
    if (check) this.#checkTimer = setInterval(() => void this.#checkLogin(check), this.deps.limits.loginCheck)
  }

  async startTls(): Promise<void> {
    const plain = this.#socket
    this.input.detach()
    plain.setTimeout(0)
    const socket = new TLSSocket(plain, { isServer: true, secureContext: this.#context })
    this.#socket = socket
    this.#sink = socket
    this.#watch(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secure', resolve)
      socket.once('close', () => reject(new ConnectionClosed()))
    })
    this.output.attach(socket)
    this.input.attach(socket)
    this.secure = true
  }

  startCompression(): void {
    const rest = this.input.takeRest()
    this.input.detach()
    const { sink, hurry, release, source } = compress(this.#socket, rest)
    this.#releaseCompression = release
    this.compressed = true
    this.#sink = sink
    this.output.attach(sink, hurry)
    this.input.attach(source)
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
    if (this.busy) setTimeout(() => this.#socket.destroy(), LINGER).unref()
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

  #watch(socket: Socket): void {
    // The error itself tells nothing that "close" does not: the client is gone.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(this.deps.limits.idleTime, () => this.#expire())
  }

  #expire(): void {
    if (this.busy) this.#socket.destroy()
    else this.#sayBye('Idle for too long')
  }

  #sayBye(text: string): void {
    bye(this, text)
    // The flush fails if the client is gone, which is what is wanted.
    this.output.flush().catch(() => this.#socket.destroy())
    void this.#end()
  }

  /** Closes the connection once the last bytes are taken, or after a while. */
  async #end(): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), LINGER)
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      this.#sink.end()
      socket.unpipe()
      socket.resume()
    })
    clearTimeout(timer)
  }
}
