/** The flags that a client was told of, message by message, in a fraction of the memory: most messages of a folder have one of few combinations. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** What one message has. */
export interface FlagSet {
  readonly flags: number
  readonly keywords: readonly string[]
}

/** Fewer are kept as they are. */
const WORTH_PACKING = 256
/** So many that were added are packed with the rest. */
const LONG_TAIL = 4096
/** Combinations that a byte can name. */
const BYTE = 256

export class ToldFlags {
  readonly #sets: FlagSet[] = []
  readonly #codes = new Map<string, number>()
  /** codes of the first messages, in bytes or in words of 32 bits */
  #packed = new Uint8Array()
  #isDeflated = false
  #isWide = false
  /** codes of those that were added since */
  #tail: number[] = []

  /** @param sets of `count` messages in turn */
  constructor(count: number, sets: Iterable<FlagSet>) {
    const codes = new Uint32Array(count)
    let at = 0
    for (const set of sets) codes[at++] = this.#codeOf(set)
    this.#pack(codes)
  }

  /** Another message, behind the last. */
  add(set: FlagSet): void {
    this.#tail.push(this.#codeOf(set))
    if (this.#tail.length >= LONG_TAIL) this.#pack(this.#unpack())
  }

  /** Answers what tells those of a message, by its index. */
  unpack(): (index: number) => FlagSet | undefined {
    const codes = this.#unpack()
    return (index) => this.#sets[codes[index] ?? Infinity]
  }

  #codeOf(set: FlagSet): number {
    // No keyword holds a blank.
    const key = `${set.flags} ${set.keywords.join(' ')}`
    const known = this.#codes.get(key)
    if (known !== undefined) return known
    this.#codes.set(key, this.#sets.length)
    return this.#sets.push({ flags: set.flags, keywords: set.keywords }) - 1
  }

  #pack(codes: Uint32Array<ArrayBuffer>): void {
    this.#isWide = this.#sets.length > BYTE
    const bytes = this.#isWide ? new Uint8Array(codes.buffer) : Uint8Array.from(codes)
    this.#isDeflated = bytes.length > WORTH_PACKING
    // A copy, for what deflate answers lies in a larger piece of memory.
    this.#packed = this.#isDeflated ? new Uint8Array(deflateRawSync(bytes)) : bytes
    this.#tail = []
  }

  #unpack(): Uint32Array<ArrayBuffer> {
    const bytes = this.#isDeflated ? new Uint8Array(inflateRawSync(this.#packed)) : this.#packed
    const packed = this.#isWide ? new Uint32Array(bytes.buffer) : bytes
    const codes = new Uint32Array(packed.length + this.#tail.length)
    codes.set(packed)
    codes.set(this.#tail, packed.length)
    return codes
  }
}
