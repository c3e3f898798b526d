/** For tests: a client that takes what it is sent only when told to, in place of its socket; and what the server keeps for it meanwhile. */
import { Duplex } from 'node:stream'

export class SlowPeer extends Duplex {
  readonly remoteAddress = '192.0.2.7'
  /** the most bytes that were ever waiting for it */
  mostBuffered = 0
  /** the most bytes that came in one write */
  mostWritten = 0
  /** latin1 */
  received = ''
  #reading = false
  #waiting: (() => void) | undefined
  #heard: (() => void) | undefined

  override _read(): void {
    // What the client sends is pushed by `say`.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const take = (): void => {
      this.received += chunk.toString('latin1')
      this.#heard?.()
      done()
    }
    if (this.#reading) setImmediate(take)
    else this.#waiting = take
  }

  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | ((error?: Error | null) => void)): boolean {
    const taken = super.write(chunk, typeof encoding === 'string' ? encoding : 'utf8')
    this.mostWritten = Math.max(this.mostWritten, chunk.length)
    this.mostBuffered = Math.max(this.mostBuffered, this.writableLength)
    return taken
  }

  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  say(text: string): void {
    this.push(Buffer.from(text, 'latin1'))
  }

  /** Takes everything from now on. */
  readOn(): void {
    this.#reading = true
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  /** Takes nothing any more. */
  stopReading(): void {
    this.#reading = false
  }

  /** Begins anew to count, and to note what is received. */
  forget(): void {
    this.mostBuffered = 0
    this.mostWritten = 0
    this.received = ''
  }

  /** Resolves when what was received holds `text`. */
  async hears(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }
}
