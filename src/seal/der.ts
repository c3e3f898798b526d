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
  enumerated: 0x0a,
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

/** Where the parts of an element are in a buffer: for long lists, which a view of each part would make slow. */
export interface Bounds {
  readonly tag: number
  /** first byte of the value, and the first one after it */
  readonly start: number
  readonly end: number
}

const malformed = (what: string): CeralaccaError => clientError('der-malformed', `not DER: ${what}`)

/** @returns the length octets for a value of `length` bytes, in the shortest form */
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return Buffer.from([0x80 | octets.length, ...octets])
}

/** An element of that tag around values of any number, one after the other. */
export function elementOf(tag: number, values: readonly Buffer[]): Buffer {
  const length = values.reduce((sum, value) => sum + value.length, 0)
  return Buffer.concat([Buffer.from([tag]), lengthOctets(length)].concat(values))
}

/** An element of that tag around the given values, one after the other. */
export const element = (tag: number, ...values: Buffer[]): Buffer => elementOf(tag, values)

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

/** Date and time, in UTC and whole seconds. */
const digitsOf = (ms: number): string => new Date(Math.floor(ms / SECOND) * SECOND).toISOString().replace(/\.\d+Z$|[-:T]/g, '')

/** The text of a time, in UTC and whole seconds: a UTCTime's before 2050, a GeneralizedTime's after. */
export const timeText = (ms: number): string => `${ms < YEAR_2050 ? digitsOf(ms).slice(2) : digitsOf(ms)}Z`

/** UTCTime or GeneralizedTime of an instant (milliseconds since 1970). */
export const timeElement = (ms: number): Buffer =>
  element(ms < YEAR_2050 ? TAG.utcTime : TAG.generalizedTime, Buffer.from(timeText(ms), 'latin1'))

/** GeneralizedTime of any instant, where nothing else may stand (RFC 5280 5.3.2). */
export const generalizedTimeElement = (ms: number): Buffer =>
  element(TAG.generalizedTime, Buffer.from(`${digitsOf(ms)}Z`, 'latin1'))

const DAYS_OF_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const UTC_TIME_LENGTH = 13
const GENERALIZED_TIME_LENGTH = 15
const [DIGIT_ZERO, LETTER_Z] = [0x30, 0x5a]

/** The number that two digits say. */
function twoDigits(buffer: Buffer, offset: number): number {
  const [tens, units] = [(buffer[offset] ?? 0) - DIGIT_ZERO, (buffer[offset + 1] ?? 0) - DIGIT_ZERO]
  if (tens < 0 || tens > 9 || units < 0 || units > 9) throw malformed('time not in the form of DER')
  return tens * 10 + units
}

/** The instant that the UTCTime or GeneralizedTime at a place says, in milliseconds since 1970. */
export function timeAt(buffer: Buffer, { tag, start, end }: Bounds): number {
  const short = tag === TAG.utcTime
  if (!short && tag !== TAG.generalizedTime) throw malformed('a time was expected')
  if (end - start !== (short ? UTC_TIME_LENGTH : GENERALIZED_TIME_LENGTH) || buffer[end - 1] !== LETTER_Z) {
    throw malformed('time not in the form of DER')
  }
  const at = short ? start + 2 : start + 4
  const century = short ? (twoDigits(buffer, start) < 50 ? 20 : 19) : twoDigits(buffer, start)
  const year = century * 100 + twoDigits(buffer, at - 2)
  const [month, day] = [twoDigits(buffer, at), twoDigits(buffer, at + 2)]
  const [hour, minute, second] = [twoDigits(buffer, at + 4), twoDigits(buffer, at + 6), twoDigits(buffer, at + 8)]
  const last = month === 2 && !isLeapYear(year) ? 28 : (DAYS_OF_MONTHS[month - 1] ?? 0)
  // Date takes the years 0 to 99 for those of 1900; nobody means them.
  if (year < 100 || day < 1 || day > last || hour > 23 || minute > 59 || second > 59) throw malformed('no such time')
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** The instant that a UTCTime or GeneralizedTime says, in milliseconds since 1970. */
export const timeOf = ({ tag, content }: Element): number => timeAt(content, { tag, start: 0, end: content.length })

/** Reads tag and length of the element that starts at `offset`. */
export function readBounds(buffer: Buffer, offset: number): Bounds {
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
  return { tag, start, end }
}

/** Reads the element that starts at `offset`. */
export function readElement(buffer: Buffer, offset = 0): Element {
  const { tag, start, end } = readBounds(buffer, offset)
  return { tag, bytes: buffer.subarray(offset, end), content: buffer.subarray(start, end) }
}

/** Reads one element that must fill the buffer and, if `tag` is given, have that tag. */
export function readOnly(buffer: Buffer, tag?: number): Element {
  const only = readElement(buffer)
  if (only.bytes.length !== buffer.length) throw malformed('bytes after the end')
  return tag === undefined ? only : expectTag(only, tag)
}

/** no certificate and no CMS has so many elements in one; millions of tiny ones would take all the memory */
const MOST_ELEMENTS = 1000

/** The elements that fill a buffer, one after the other; at most a thousand. */
export function readAll(buffer: Buffer): Element[] {
  const elements: Element[] = []
  for (let offset = 0; offset < buffer.length;) {
    if (elements.length === MOST_ELEMENTS) throw malformed('too many elements')
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
