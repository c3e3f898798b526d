/** Bytes to the socket: small pieces are gathered, and whoever writes much waits until the client has taken it. */
import type { Writable } from 'node:stream'
import { ConnectionClosed } from './connection-closed.ts'

const GATHER = 64 * 1024
/** What the client has not taken yet. The socket's own limit of 16 KB would make each write wait for the one before. */
const MOST_UNSENT = 256 * 1024

export class Output {
  #sink: Writable
  #hurry: (() => void) | undefined
  /** strings are latin1 text */
  #pieces: (string | Buffer)[] = []
  #size = 0
  /** do the pieces hold bytes? */
  #hasBytes = false

  constructor(sink: Writable) {
    this.#sink = sink
  }

  /** Is there nobody left to write to? */
  get closed(): boolean {
    return this.#sink.destroyed
  }

  /** Writes to this sink from now on. @param hurry makes it pass on at once what it was given; called by `flush` */
  attach(sink: Writable, hurry?: () => void): void {
    this.#sink = sink
    this.#hurry = hurry
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

  /** Has much gathered, which should be written before there is more? */
  get isFull(): boolean {
    return this.#size >= GATHER
  }

  /** Writes if much has gathered, and waits for the client. */
  async relieve(): Promise<void> {
    if (this.isFull) await this.flush()
  }

  /** Writes bytes after what has gathered, and waits for the client. Throws ConnectionClosed. */
  async bytes(bytes: Buffer): Promise<void> {
    if (bytes.length < GATHER) {
      this.#pieces.push(bytes)
      this.#size += bytes.length
      this.#hasBytes = true
      await this.relieve()
      return
    }
    this.#write()
    this.#sink.write(bytes)
    await this.#written()
  }

  /** Writes what has gathered and waits until the client can take more. Throws ConnectionClosed. */
  async flush(): Promise<void> {
    this.#write()
    this.#hurry?.()
    await this.#written()
  }

  /** One write for all pieces: each is an encryption and a call of the system. */
  #write(): void {
    const [pieces, size] = [this.#pieces, this.#size]
    if (size === 0) return
    const isText = !this.#hasBytes
    this.#pieces = []
    this.#size = 0
    this.#hasBytes = false
    if (isText) {
      this.#sink.write(pieces.join(''), 'latin1')
      return
    }
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (const piece of pieces) at += typeof piece === 'string' ? bytes.write(piece, at, 'latin1') : piece.copy(bytes, at)
    this.#sink.write(bytes)
  }

  async #written(): Promise<void> {
    const sink = this.#sink
    if (sink.destroyed) throw new ConnectionClosed()
    if (sink.writableLength < MOST_UNSENT) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        sink.off('drain', done)
        sink.off('close', done)
        resolve()
      }
      sink.on('drain', done)
      sink.on('close', done)
    })
    if (sink.destroyed) throw new ConnectionClosed()
  }
}
