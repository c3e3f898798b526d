/**
 * Bytes from the socket, pulled: nothing is read ahead beyond a window, so a client that floods is held by TCP. Lines end with CRLF (or LF).
 */
import type { Readable } from 'node:stream'
import { ConnectionClosed } from './connection-closed.ts'

const HIGH_WATER = 128 * 1024
const LF = 10
const CR = 13

/** What is kept of the end of a line that is too long: a literal may be announced there. */
const LINE_END = 32

export interface Line {
  /** latin1 */
  readonly text: string
  /** the line was too long: `text` is its beginning and its end, something in the middle is missing */
  readonly cut: boolean
}

const withoutCr = (line: Buffer): Buffer => (line[line.length - 1] === CR ? line.subarray(0, -1) : line)

export class Input {
  #chunks: Buffer[] = []
  #size = 0
  #closed = false
  #paused = false
  #source: Readable | undefined
  #wake: (() => void) | undefined

  /** Reads from this source from now on; bytes of the one before that were not used are dropped (RFC 3501 6.2.1, STARTTLS injection). */
  attach(source: Readable): void {
    this.detach()
    this.#source = source
    this.#paused = false
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    source.on('close', this.#onEnd)
  }

  /** The bytes that have come and were not used: they are for whoever reads the source next. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#size = 0
    return rest
  }

  detach(): void {
    this.#source?.off('data', this.#onData)
    this.#source?.off('end', this.#onEnd)
    this.#source?.off('close', this.#onEnd)
    this.#source?.pause()
    this.#source = undefined
    this.#chunks = []
    this.#size = 0
  }

  /** Is there something to read, or the end? */
  get ready(): boolean {
    return this.#chunks.length > 0 || this.#closed
  }

  /** Waits until there is. Nobody else may read meanwhile. */
  async untilReady(): Promise<void> {
    if (this.ready) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** A line without its end, at most `limit` bytes of it. Throws ConnectionClosed. */
  async line(limit: number): Promise<Line> {
    const pieces: Buffer[] = []
    let length = 0
    let end: Buffer = Buffer.alloc(0)
    for (;;) {
      const chunk = await this.#next()
      const lineEnd = chunk.indexOf(LF)
      const piece = lineEnd < 0 ? chunk : chunk.subarray(0, lineEnd)
      // One byte more than allowed may be the CR.
      if (length <= limit) pieces.push(piece.subarray(0, limit + 1 - length))
      end = piece.length > LINE_END ? piece.subarray(-LINE_END) : Buffer.concat([end, piece]).subarray(-LINE_END)
      length += piece.length
      this.#consume(lineEnd < 0 ? chunk.length : lineEnd + 1)
      if (lineEnd < 0) continue
      const line = withoutCr(Buffer.concat(pieces))
      if (line.length <= limit && length <= limit + 1) return { text: line.toString('latin1'), cut: false }
      return { text: withoutCr(Buffer.concat([...pieces, end])).toString('latin1'), cut: true }
    }
  }

  /** Exactly `length` bytes. Throws ConnectionClosed. */
  async bytes(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    let at = 0
    while (at < length) {
      const chunk = await this.#next()
      const copied = chunk.copy(bytes, at)
      this.#consume(copied)
      at += copied
    }
    return bytes
  }

  /** Throws `length` bytes away. Throws ConnectionClosed. */
  async skip(length: number): Promise<void> {
    let left = length
    while (left > 0) {
      const taken = Math.min((await this.#next()).length, left)
      this.#consume(taken)
      left -= taken
    }
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const chunk = this.#chunks[0]
      if (chunk) return chunk
      if (this.#closed) throw new ConnectionClosed()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #consume(bytes: number): void {
    const chunk = this.#chunks[0]
    if (!chunk) return
    if (bytes < chunk.length) this.#chunks[0] = chunk.subarray(bytes)
    else this.#chunks.shift()
    this.#size -= bytes
    if (this.#paused && this.#size < HIGH_WATER / 2) {
      this.#paused = false
      this.#source?.resume()
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size >= HIGH_WATER && !this.#paused) {
      this.#paused = true
      this.#source?.pause()
    }
    this.#awake()
  }

  readonly #onEnd = (): void => {
    this.#closed = true
    this.#awake()
  }

  #awake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
