/** Bytes to the socket: small pieces are gathered, and whoever writes much waits until the client has taken it. */
import type { Socket } from 'node:net'
import { ConnectionClosed } from './errors.ts'

const GATHER = 64 * 1024
/** What the client has not taken yet. The socket's own limit of 16 KB would make each write wait for the one before. */
const MOST_UNSENT = 256 * 1024

export class Output {
  #socket: Socket
  /** strings are latin1 text */
  #pieces: (string | Buffer)[] = []
  #size = 0

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
    this.#pieces.push(text)
    this.#size += text.length
  }

  /** Adds a line. */
  line(text: string): void {
    this.push(`${text}\r\n`)
  }

  /** Writes if much has gathered, and waits for the client. */
  async relieve(): Promise<void> {
    if (this.#size >= GATHER) await this.flush()
  }

  /** Writes bytes after what has gathered, and waits for the client. Throws ConnectionClosed. */
  async bytes(bytes: Buffer): Promise<void> {
    if (bytes.length < GATHER) {
      this.#pieces.push(bytes)
      this.#size += bytes.length
      await this.relieve()
      return
    }
    this.#write()
    this.#socket.write(bytes)
    await this.#written()
  }

  /** Writes what has gathered and waits until the client can take more. Throws ConnectionClosed. */
  async flush(): Promise<void> {
    this.#write()
    await this.#written()
  }

  /** One write for all pieces: each is an encryption and a call of the system. */
  #write(): void {
    const [pieces, size] = [this.#pieces, this.#size]
    if (size === 0) return
    this.#pieces = []
    this.#size = 0
    if (pieces.every((piece) => typeof piece === 'string')) {
      this.#socket.write(pieces.join(''), 'latin1')
      return
    }
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (const piece of pieces) at += typeof piece === 'string' ? bytes.write(piece, at, 'latin1') : piece.copy(bytes, at)
    this.#socket.write(bytes)
  }

  async #written(): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) throw new ConnectionClosed()
    if (socket.writableLength < MOST_UNSENT) return
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
