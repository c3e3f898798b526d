/** One client's socket, plain or encrypted: its bytes, its timers, its end. */
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import { ConnectionClosed } from './connection-closed.ts'
import { Input } from './input.ts'
import { Output } from './output.ts'
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

/** What lies between the socket and what is read and written. */
export interface Filter {
  readonly sink: Writable
  /** makes the sink pass on at once what it was given */
  readonly hurry: () => void
  readonly source: Readable
}

export class Link {
  readonly input = new Input()
  readonly output: Output
  readonly clientAddress: string
  readonly #options: LinkOptions
  readonly #loginTimer: NodeJS.Timeout
  #secure: boolean
  #socket: Socket
  /** what the last bytes go to, and what is ended to end the connection */
  #sink: Writable

  constructor(socket: Socket, options: LinkOptions) {
    this.#socket = socket
    this.#sink = socket
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
    this.#sink = socket
    this.#watch(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('secure', resolve)
      socket.once('close', () => reject(new ConnectionClosed()))
    })
    this.output.attach(socket)
    this.input.attach(socket)
    this.#secure = true
  }

  /** Goes on through a filter, made of the socket and the bytes that have come and were not read. Answers the filter. */
  insert<F extends Filter>(make: (socket: Socket, rest: Buffer) => F): F {
    const rest = this.input.takeRest()
    this.input.detach()
    const filter = make(this.#socket, rest)
    this.#sink = filter.sink
    this.output.attach(filter.sink, filter.hurry)
    this.input.attach(filter.source)
    return filter
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
      this.#sink.end()
      socket.unpipe()
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
