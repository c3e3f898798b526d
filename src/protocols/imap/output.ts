/** Bytes to the socket: small pieces are gathered, and whoever writes much waits until the client has taken it. */
import type { Socket } from 'node:net'
import { ConnectionClosed } from './errors.ts'

const GATHER = 32 * 1024

export class Output {
  #socket: Socket
  #text: string[] = []
  #textSize = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Is there nobody left to write to? */
  get closed(): boolean {
    return this.#socket.destroyed
  }

  attach(socket: Socket): void {
    this.#socket = socket
  }

  /** Adds latin1 text, one character per byte. It is written by the next `flush` or `relieve`. */
  push(text: string): void {
    this.#text.push(text)
    this.#textSize += text.length
  }

  /** Adds a line. */
  line(text: string): void {
    this.push(`${text}\r\n`)
  }

  /** Writes if much has gathered, and waits for the client. */
  async relieve(): Promise<void> {
    if (this.#textSize >= GATHER) await this.flush()
  }

  /** Writes bytes after what has gathered, and waits for the client. Throws ConnectionClosed. */
  async bytes(bytes: Buffer): Promise<void> {
    if (bytes.length < GATHER) {
      this.push(bytes.toString('latin1'))
      await this.relieve()
      return
    }
    this.#writeText()
    await this.#written(this.#socket.write(bytes))
  }

  /** Writes what has gathered and waits until the client can take more. Throws ConnectionClosed. */
  async flush(): Promise<void> {
    await this.#written(this.#writeText())
  }

  #writeText(): boolean {
    if (this.#textSize === 0) return !this.#socket.writableNeedDrain
    const text = this.#text.length === 1 ? (this.#text[0] ?? '') : this.#text.join('')
    this.#text = []
    this.#textSize = 0
    return this.#socket.write(text, 'latin1')
  }

  async #written(roomLeft: boolean): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) throw new ConnectionClosed()
    if (roomLeft) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
    if (socket.destroyed) throw new ConnectionClosed()
  }
}
