/** A client that sends whatever it likes, and keeps what it is told. Texts are latin1, one character per byte. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export class RawClient {
  /** all that has come and was not taken */
  received = ''
  closed = false
  readonly #socket: Socket
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.closed = true
      this.#wake()
    })
  }

  static async open(port: number, tls: boolean): Promise<RawClient> {
    const target = { host: '127.0.0.1', port }
    // Who the server is proves nothing here.
    const socket = tls ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target)
    const client = new RawClient(socket)
    await once(socket, tls ? 'secureConnect' : 'connect')
    return client
  }

  /** Sends, and waits until the system has taken it; not if the connection is gone. */
  async send(text: string): Promise<void> {
    if (this.closed) return
    await new Promise<void>((resolve) => {
      this.#socket.once('close', resolve)
      this.#socket.write(text, 'latin1', () => {
        this.#socket.off('close', resolve)
        resolve()
      })
    })
  }

  /** Sends without waiting. */
  push(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Waits for what fits, and takes everything up to its end; "" if the connection ends first. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.received)
      if (match) {
        const taken = this.received.slice(0, match.index + match[0].length)
        this.received = this.received.slice(taken.length)
        return taken
      }
      if (this.closed) return ''
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Says that nothing more will come, and waits for the end; answers all that was told. */
  finish(): Promise<string> {
    this.#socket.end()
    return this.rest()
  }

  /** All that is told until the server closes the connection. */
  async rest(): Promise<string> {
    while (!this.closed) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.received
  }

  /** Takes nothing more. */
  pause(): void {
    this.#socket.pause()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
