/** One client's socket, plain or encrypted: its bytes, its timers, its end. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { ConnectionClosed } from '../imap/errors.ts'
import { Input } from '../imap/input.ts'
import { Output } from '../imap/output.ts'
import { channelBindingOf } from '../sasl/channel-binding.ts'

/** How long a client may take to hear the last words, milliseconds. */
const LINGER = 5000

export interface LinkTimes {
  /** from the connection to the login, milliseconds */
  readonly loginTime: number
  /** without a byte in either direction, milliseconds */
  readonly idleTime: number
}

export interface LinkOptions {
  /** for the change to TLS */
  readonly context: SecureContext
  readonly times: LinkTimes
  /** called when one of the times is over */
  readonly onExpiry: () => void
}

export class Link {
  readonly input = new Input()
  readonly output: Output
  readonly clientAddress: string
  readonly #options: LinkOptions
  readonly #loginTimer: NodeJS.Timeout
  #secure: boolean
  #socket: Socket

  constructor(socket: Socket, options: LinkOptions) {
    this.#socket = socket
    this.#options = options
    this.#secure = socket instanceof TLSSocket
    this.clientAddress = socket.remoteAddress ?? ''
    this.output = new Output(socket)
    this.#loginTimer = setTimeout(options.onExpiry, options.times.loginTime)
    this.#watch(socket)
    socket.setNoDelay(true)
    this.input.attach(socket)
  }

  /** The connection is encrypted. */
  get secure(): boolean {
    return this.#secure
  }

  /** What SCRAM may bind its exchange to. */
  get channelBinding(): Buffer | undefined {
    return channelBindingOf(this.#socket)
  }

  /** Stops the login timer. */
  loggedIn(): void {
    clearTimeout(this.#loginTimer)
  }

  /** Goes on over TLS; what the client sent before is dropped. Throws ConnectionClosed. */
  async startTls(): Promise<void> {
    const plain = this.#socket
    this.input.detach()
    plain.setTimeout(0)
    const socket = new TLSSocket(plain, { isServer: true, secureContext: this.#options.context })
    this.#socket = socket
    this.#watch(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secure', resolve)
      socket.once('close', () => reject(new ConnectionClosed()))
    })
    this.output.attach(socket)
    this.input.attach(socket)
    this.#secure = true
  }

  /** Cuts the connection. */
  cut(): void {
    this.#socket.destroy()
  }

  /** Cuts the connection if it is still there after a while. */
  cutLater(): void {
    setTimeout(() => this.cut(), LINGER).unref()
  }

  /** Closes the connection once the last bytes are taken, or after a while. */
  async end(): Promise<void> {
    clearTimeout(this.#loginTimer)
    const socket = this.#socket
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), LINGER)
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.end()
      socket.resume()
    })
    clearTimeout(timer)
  }

  #watch(socket: Socket): void {
    // The error itself tells nothing that "close" does not: the client is gone.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(this.#options.times.idleTime, this.#options.onExpiry)
  }
}
