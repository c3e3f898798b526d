/**
 * Deflates what is written, to another stream. What it remembers of that (some 64 KB) can be given back: what comes then refers to nothing that
 * came before, which is no matter to who inflates it.
 */
import { Writable } from 'node:stream'
import { constants, createDeflateRaw } from 'node:zlib'
import type { DeflateRaw, ZlibOptions } from 'node:zlib'

type Done = (error?: Error | null) => void

/** Stands in the queue for "pass on what was written before". */
const HURRY = Buffer.alloc(0)

export class Deflating extends Writable {
  readonly #target: Writable
  readonly #options: ZlibOptions
  #deflate: DeflateRaw | undefined
  /** something was written, and not passed on yet */
  #isDirty = false
  #isBusy = false

  constructor(target: Writable, options: ZlibOptions) {
    super()
    this.#target = target
    this.#options = options
  }

  /** Passes on all that was written. */
  hurry(): void {
    this.write(HURRY)
  }

  /** Gives memory back if all that was written has been passed on; answers whether there was any. */
  release(): boolean {
    const deflate = this.#deflate
    if (!deflate || this.#isDirty || this.#isBusy || this.writableLength > 0 || deflate.readableLength > 0) return false
    this.#deflate = undefined
    deflate.unpipe(this.#target)
    deflate.destroy()
    return true
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (chunk === HURRY && !this.#deflate) return done()
    this.#deflate ??= this.#make()
    this.#isBusy = true
    const finished: Done = (error) => {
      this.#isBusy = false
      this.#isDirty = chunk !== HURRY
      done(error)
    }
    if (chunk === HURRY) this.#deflate.flush(constants.Z_SYNC_FLUSH, () => finished())
    else this.#deflate.write(chunk, finished)
  }

  override _final(done: Done): void {
    this.#deflate ??= this.#make()
    this.#deflate.once('end', () => {
      this.#target.end()
      done()
    })
    this.#deflate.end()
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#deflate?.destroy()
    done(error)
  }

  #make(): DeflateRaw {
    const deflate = createDeflateRaw(this.#options)
    deflate.pipe(this.#target, { end: false })
    deflate.on('error', (error) => this.destroy(error))
    return deflate
  }
}
