/**
 * Node's Buffer, as far as verifying uses it, over the browser's Uint8Array. Every answer is the one that Node gives (buffer.test.ts compares
 * them); what is not here does not pass the type check of web/, which reads the verification with this Buffer.
 */
import { bytesOfBase64, bytesOfHex, bytesOfLatin1, textOf, type Encoding } from './encodings.ts'

class Bytes extends Uint8Array<ArrayBuffer> {
  override subarray(start?: number, end?: number): Bytes {
    // The species of a subclass is the subclass.
    return super.subarray(start, end) as Bytes
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, at) => byte === other[at])
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    return textOf(start === 0 && end === this.length ? this : this.subarray(start, end), encoding)
  }

  /** @param wanted a byte, bytes, or a text in UTF-8 */
  override indexOf(wanted: number | Uint8Array | string, from = 0): number {
    if (typeof wanted === 'number') return super.indexOf(wanted, from)
    const needle = typeof wanted === 'string' ? new TextEncoder().encode(wanted) : wanted
    const [first] = needle
    if (first === undefined) return Math.min(from < 0 ? Math.max(0, this.length + from) : from, this.length)
    for (let at = super.indexOf(first, from); at >= 0; at = super.indexOf(first, at + 1)) {
      if (at + needle.length > this.length) return -1
      if (needle.every((byte, offset) => this[at + offset] === byte)) return at
    }
    return -1
  }

  /** @returns how many bytes were copied */
  copy(target: Uint8Array, targetStart = 0, start = 0, end = this.length): number {
    const piece = this.subarray(start, Math.min(end, start + target.length - targetStart))
    target.set(piece, targetStart)
    return piece.length
  }

  /** An unsigned number of 1 to 6 bytes, the most significant one first. */
  readUIntBE(offset: number, length: number): number {
    if (offset < 0 || offset + length > this.length) throw new RangeError('beyond the end of the buffer')
    return this.subarray(offset, offset + length).reduce((value, byte) => value * 256 + byte, 0)
  }
}

const alloc = (length: number): Bytes => new Bytes(new ArrayBuffer(length))
const over = (bytes: Uint8Array<ArrayBuffer>): Bytes => new Bytes(bytes.buffer, bytes.byteOffset, bytes.length)

function ofText(text: string, encoding: Encoding): Bytes {
  if (encoding === 'utf8') return over(new TextEncoder().encode(text))
  if (encoding === 'hex') return over(bytesOfHex(text))
  return over(encoding === 'base64' ? bytesOfBase64(text) : bytesOfLatin1(text))
}

/** Copies, as Node's does, but for an ArrayBuffer, over which it gives a view. */
function from(text: string, encoding?: Encoding): Bytes
function from(memory: ArrayBufferLike, offset?: number, length?: number): Bytes
function from(bytes: ArrayLike<number>): Bytes
function from(source: string | ArrayBufferLike | ArrayLike<number>, second: Encoding | number = 0, length?: number): Bytes {
  if (typeof source === 'string') return ofText(source, typeof second === 'string' ? second : 'utf8')
  if (source instanceof ArrayBuffer) return new Bytes(source, typeof second === 'number' ? second : 0, length)
  const numbers = source as ArrayLike<number>
  const copy = alloc(numbers.length)
  copy.set(numbers)
  return copy
}

function concat(list: readonly Uint8Array[]): Bytes {
  const whole = alloc(list.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const bytes of list) {
    whole.set(bytes, at)
    at += bytes.length
  }
  return whole
}

function compare(one: Uint8Array, other: Uint8Array): number {
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return Math.sign(one.length - other.length)
}

export type Buffer = Bytes
export const Buffer = {
  from,
  concat,
  compare,
  alloc,
  allocUnsafe: alloc,
  byteLength: (text: string): number => new TextEncoder().encode(text).length,
} as const
