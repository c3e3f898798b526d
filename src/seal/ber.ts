/**
 * BER to DER, as far as other people's CMS needs it: indefinite and overlong lengths (X.690 8.1.3) and octet strings in pieces (8.7.3)
 * become definite, shortest and whole. Values are kept as they are, and so is the order of a SET: what was signed stays what was signed.
 */
import { clientError } from '../base/errors.ts'
import { TAG, elementOf } from './der.ts'

/** deeper than any CMS is; keeps hostile nesting from the stack */
const MOST_LEVELS = 48
/** enough for a large file in small pieces; keeps millions of tiny elements from the memory */
const MOST_ELEMENTS = 200_000
const CONSTRUCTED = 0x20
const CONSTRUCTED_OCTET_STRING = TAG.octetString | CONSTRUCTED

interface Read {
  readonly tag: number
  /** one buffer for a primitive, the encoded children of a constructed element, their joined value for an octet string in pieces */
  readonly values: Buffer[]
  /** first byte after the element */
  readonly end: number
}

const malformed = (what: string): Error => clientError('der-malformed', `not BER: ${what}`)

/** @returns the length, or null for the indefinite form, and where the value starts */
function readLength(buffer: Buffer, offset: number): { length: number | null; start: number } {
  const first = buffer[offset]
  if (first === undefined) throw malformed('cut short')
  if (first < 0x80) return { length: first, start: offset + 1 }
  if (first === 0x80) return { length: null, start: offset + 1 }
  const count = first & 0x7f
  const octets = buffer.subarray(offset + 1, offset + 1 + count)
  if (octets.length < count) throw malformed('length')
  const length = octets.reduce((value, octet) => Math.min(value * 256 + octet, Number.MAX_SAFE_INTEGER / 256), 0)
  return { length, start: offset + 1 + count }
}

/** @param budget how many more elements may be read */
function read(buffer: Buffer, offset: number, limit: number, level: number, budget: { left: number }): Read {
  const tag = buffer[offset]
  if (budget.left-- === 0) throw malformed('too many elements')
  if (tag === undefined || level > MOST_LEVELS) throw malformed(tag === undefined ? 'cut short' : 'nested too deep')
  if ((tag & 0x1f) === 0x1f) throw malformed('tag of several bytes')
  const { length, start } = readLength(buffer, offset + 1)
  const end = length === null ? limit : start + length
  if (end > limit) throw malformed('value beyond the end')
  if ((tag & CONSTRUCTED) === 0) {
    if (length === null) throw malformed('indefinite length of a primitive')
    return { tag, values: [buffer.subarray(start, end)], end }
  }
  const values: Buffer[] = []
  const pieces = tag === CONSTRUCTED_OCTET_STRING
  let at = start
  const ended = (): boolean => (length === null ? at + 1 < limit && buffer[at] === 0 && buffer[at + 1] === 0 : at === end)
  while (!ended()) {
    const child = read(buffer, at, end, level + 1, budget)
    if (pieces && child.tag !== TAG.octetString) throw malformed('octet string with something else inside')
    values.push(pieces ? Buffer.concat(child.values) : elementOf(child.tag, child.values))
    at = child.end
  }
  return { tag: pieces ? TAG.octetString : tag, values, end: length === null ? at + 2 : end }
}

/**
 * @param ber one element
 * @returns the same in DER's lengths
 * @throws client error `der-malformed`
 */
export function derFromBer(ber: Buffer): Buffer {
  const { tag, values, end } = read(ber, 0, ber.length, 0, { left: MOST_ELEMENTS })
  if (end !== ber.length) throw malformed('bytes after the end')
  return elementOf(tag, values)
}
