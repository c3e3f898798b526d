/**
 * A small DER writer and reader (X.690 clause 10 and 11): all that certificates and CMS need, and nothing that they do not.
 * The reader is strict: definite lengths in their shortest form, one-byte tags, nothing beyond the bounds. What is not DER throws a
 * client error `der-malformed`; bytes are never copied, every element is a view of the buffer that it was read from.
 */
import { CeralaccaError, clientError } from '../base/errors.ts'

/** The tags that are met; context tags are written [0] = 0xa0 (constructed) or 0x80 (primitive). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** One tag, length and value. */
export interface Element {
  readonly tag: number
  /** all of it, with tag and length */
  readonly bytes: Buffer
  /** the value only */
  readonly content: Buffer
}

const malformed = (what: string): CeralaccaError => clientError('der-malformed', `not DER: ${what}`)

/** @returns the length octets for a value of `length` bytes, in the shortest form */
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Buffer.from([0x80 | octets.length, ...octets])
}

/** An element of that tag around the given values, one after the other. */
export function element(tag: number, ...values: Buffer[]): Buffer {
  const length = values.reduce((sum, value) => sum + value.length, 0)
  return Buffer.concat([Buffer.from([tag]), lengthOctets(length), ...values])
}

/** SEQUENCE of encoded elements. */
export const sequence = (...values: Buffer[]): Buffer => element(TAG.sequence, ...values)

/** The values of a SET OF in the order that DER asks for: ascending by their encodings (X.690 11.6). */
export const inSetOrder = (values: readonly Buffer[]): Buffer[] => values.toSorted((a, b) => Buffer.compare(a, b))

/** SET OF encoded elements, sorted. */
export const setOf = (...values: Buffer[]): Buffer => element(TAG.set, ...inSetOrder(values))

export const octetString = (value: Buffer): Buffer => element(TAG.octetString, value)

export const nullValue = (): Buffer => element(TAG.null)

/** A small INTEGER, 0 to 127: a version number. */
export const smallInteger = (value: number): Buffer => element(TAG.integer, Buffer.from([value & 0x7f]))

/** OBJECT IDENTIFIER of a dotted text such as `1.2.840.113549.1.7.2`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  const octets = [first * 40 + second, ...others].flatMap((arc) => {
    const groups = [arc % 128]
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) | 0x80)
    return groups
  })
  return element(TAG.oid, Buffer.from(octets))
}

/** The dotted text of an OBJECT IDENTIFIER's value. */
export function dottedOf(content: Buffer): string {
  const arcs: number[] = []
  let arc = 0
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw malformed('object identifier with a padded arc')
    arc = arc * 128 + (octet & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw malformed('object identifier with a huge arc')
    if ((octet & 0x80) !== 0) continue
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(arc / 40), 2), arc - Math.min(Math.floor(arc / 40), 2) * 40)
    else arcs.push(arc)
    arc = 0
  }
  if (arcs.length === 0 || ((content.at(-1) ?? 0) & 0x80) !== 0) throw malformed('object identifier cut short')
  return arcs.join('.')
}

const SECOND = 1000
/** the first millisecond of 2050: from then on a time is a GeneralizedTime (RFC 5652 11.3, RFC 5280 4.1.2.5) */
export const YEAR_2050 = Date.UTC(2050, 0, 1)

/** The text of a time, in UTC and whole seconds: a UTCTime's before 2050, a GeneralizedTime's after. */
export function timeText(ms: number): string {
  const digits = new Date(Math.floor(ms / SECOND) * SECOND).toISOString().replace(/\.\d+Z$|[-:T]/g, '')
  return `${ms < YEAR_2050 ? digits.slice(2) : digits}Z`
}

/** UTCTime or GeneralizedTime of an instant (milliseconds since 1970). */
export const timeElement = (ms: number): Buffer =>
  element(ms < YEAR_2050 ? TAG.utcTime : TAG.generalizedTime, Buffer.from(timeText(ms), 'latin1'))

/** The instant that a UTCTime or GeneralizedTime says, in milliseconds since 1970. */
export function timeOf(time: Element): number {
  const text = time.content.toString('latin1')
  const short = time.tag === TAG.utcTime
  if (!short && time.tag !== TAG.generalizedTime) throw malformed('a time was expected')
  if (!(short ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) throw malformed('time not in the form of DER')
  const full = short ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const iso = full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const ms = Date.parse(iso)
  // Date makes 2 March of 30 February.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) throw malformed('no such time')
  return ms
}

/** Reads the element that starts at `offset`. */
export function readElement(buffer: Buffer, offset = 0): Element {
  const tag = buffer[offset]
  const first = buffer[offset + 1]
  if (tag === undefined || first === undefined) throw malformed('cut short')
  if ((tag & 0x1f) === 0x1f) throw malformed('tag of several bytes')
  let start = offset + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4 || start + count > buffer.length) throw malformed('length')
    length = buffer.readUIntBE(start, count)
    start += count
    if (length < 0x80 || length < 256 ** (count - 1)) throw malformed('length not in its shortest form')
  }
  const end = start + length
  if (end > buffer.length) throw malformed('value beyond the end')
  return { tag, bytes: buffer.subarray(offset, end), content: buffer.subarray(start, end) }
}

/** Reads one element that must fill the buffer and, if `tag` is given, have that tag. */
export function readOnly(buffer: Buffer, tag?: number): Element {
  const only = readElement(buffer)
  if (only.bytes.length !== buffer.length) throw malformed('bytes after the end')
  return tag === undefined ? only : expectTag(only, tag)
}

/** The elements that fill a buffer, one after the other. */
export function readAll(buffer: Buffer): Element[] {
  const elements: Element[] = []
  for (let offset = 0; offset < buffer.length;) {
    const next = readElement(buffer, offset)
    elements.push(next)
    offset += next.bytes.length
  }
  return elements
}

/** The element, if it is there and has that tag. */
export function expectTag(found: Element | undefined, tag: number): Element {
  if (found?.tag !== tag) throw malformed(`tag ${tag} expected, found ${found?.tag ?? 'nothing'}`)
  return found
}

/** The elements inside an element that must be there and have that tag. */
export const childrenOf = (found: Element | undefined, tag: number): Element[] => readAll(expectTag(found, tag).content)
