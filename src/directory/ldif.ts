/**
 * LDIF (RFC 2849), content records only: what a directory file is. Reading is linear in the size of the file and fetches nothing; whatever
 * stands in it, the answer is entries or a client error that names the line.
 *
 * Read beyond the letter: a version line may be missing (RFC 2849 note 1), values may be raw UTF-8, and a `dn:` line begins an entry also
 * where no empty line stands before it, as in the examples of RFC 6109 4.5.10.
 */
import { isUtf8 } from 'node:buffer'
import { clientError, type CeralaccaError } from '../base/errors.ts'

export interface LdifAttribute {
  /** number of its first line, from 1 */
  readonly line: number
  /** the attribute type in lower case, without options */
  readonly type: string
  /** such as `binary`, lower case */
  readonly options: readonly string[]
  /** empty where it is damaged */
  readonly value: Buffer
  /** its base64 cannot be read: that spoils the value, and not the file (RFC 6109 4.5.10 prints such a one) */
  readonly damaged: boolean
}

export interface LdifEntry {
  readonly line: number
  /** as written, decoded */
  readonly dn: string
  readonly attributes: readonly LdifAttribute[]
}

/** A directory of 100,000 domains has about five megabytes and 150,000 lines. */
export const MOST_LDIF_BYTES = 32 * 1024 * 1024
/** What is kept of a line costs more than its bytes. */
const MOST_LINES = 750_000

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const HASH = 0x23
const COLON = 0x3a
const LESS = 0x3c

const DESCRIPTION = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)*)(?:;[a-z0-9-]+)*$/
const LONGEST_DESCRIPTION = 250
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Of change records; no attribute has such a name. */
const CHANGE_WORDS = new Set(['changetype', 'control'])

interface Line {
  readonly number: number
  readonly bytes: Buffer
}

const malformed = (line: number, what: string): CeralaccaError => clientError('ldif-malformed', `line ${line}: ${what}`)

/**
 * @param file UTF-8, with CRLF or LF
 * @throws client error `ldif-malformed`; `ldif-unsupported` for change records, values behind a URL and other versions; `ldif-too-large`
 */
export function readLdif(file: Buffer): LdifEntry[] {
  if (file.length > MOST_LDIF_BYTES) throw clientError('ldif-too-large', `more than ${MOST_LDIF_BYTES} bytes`)
  const entries: LdifEntry[] = []
  let attributes: LdifAttribute[] | undefined
  let first = true
  for (const line of logicalLines(file)) {
    if (line.bytes.length === 0) {
      attributes = undefined
      continue
    }
    const attribute = readAttribute(line)
    const { type, options } = attribute
    if (first && type === 'version') checkVersion(attribute)
    else if (type === 'dn' && options.length === 0) {
      attributes = []
      entries.push({ line: line.number, dn: textOf(attribute), attributes })
    } else if (CHANGE_WORDS.has(type)) {
      throw clientError('ldif-unsupported', `line ${line.number}: change records are not read here`)
    } else if (attributes === undefined) throw malformed(line.number, 'an entry must begin with "dn:"')
    else attributes.push(attribute)
    first = false
  }
  const empty = entries.find((entry) => entry.attributes.length === 0)
  if (empty) throw malformed(empty.line, 'an entry without attributes')
  return entries
}

/** The value of an attribute that is text. @throws client error `ldif-malformed` if it is damaged, or not UTF-8 */
export function textOf({ line, value, damaged }: LdifAttribute): string {
  if (damaged) throw malformed(line, 'the value is not base64')
  if (!isUtf8(value)) throw malformed(line, 'the value is not UTF-8')
  return value.toString('utf8')
}

/** Lines with their continuations joined (note 2) and without comments (note 3). */
function* logicalLines(file: Buffer): Generator<Line> {
  let pieces: Buffer[] = []
  let number = 0
  let started = 0
  const joined = (): Line => ({ number: started, bytes: pieces.length === 1 ? (pieces[0] ?? file) : Buffer.concat(pieces) })
  for (const bytes of physicalLines(file)) {
    if (++number > MOST_LINES) throw clientError('ldif-too-large', `more than ${MOST_LINES} lines`)
    if (bytes[0] === SPACE) {
      if (pieces.length === 0 || pieces[0]?.length === 0) throw malformed(number, 'a continuation with no line before it')
      pieces.push(bytes.subarray(1))
      continue
    }
    if (pieces.length > 0 && pieces[0]?.[0] !== HASH) yield joined()
    pieces = [bytes]
    started = number
  }
  if (pieces.length > 0 && pieces[0]?.[0] !== HASH) yield joined()
}

function* physicalLines(file: Buffer): Generator<Buffer> {
  // A byte order mark is no part of the text.
  let start = file.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)) ? 3 : 0
  while (start < file.length) {
    const found = file.indexOf(LF, start)
    const end = found < 0 ? file.length : found
    yield file.subarray(start, end > start && file[end - 1] === CR ? end - 1 : end)
    start = end + 1
  }
}

function readAttribute({ number, bytes }: Line): LdifAttribute {
  const colon = bytes.indexOf(COLON)
  const description = bytes.toString('latin1', 0, Math.max(0, Math.min(colon, LONGEST_DESCRIPTION))).toLowerCase()
  if (colon < 0 || colon > LONGEST_DESCRIPTION || !DESCRIPTION.test(description)) {
    throw malformed(number, 'expected "attribute: value"')
  }
  const [type = '', ...options] = description.split(';')
  const kind = bytes[colon + 1]
  if (kind === LESS) throw clientError('ldif-unsupported', `line ${number}: values behind a URL are not fetched`)
  let start = kind === COLON ? colon + 2 : colon + 1
  while (bytes[start] === SPACE) start++
  const raw = bytes.subarray(start)
  const found = { line: number, type, options }
  if (kind === COLON) {
    const text = raw.toString('latin1')
    const damaged = text.length % 4 !== 0 || !BASE64.test(text)
    return { ...found, value: damaged ? Buffer.alloc(0) : Buffer.from(text, 'base64'), damaged }
  }
  if (raw.includes(0) || raw.includes(CR)) throw malformed(number, 'a NUL or a lone CR in the value')
  return { ...found, value: raw, damaged: false }
}

function checkVersion({ line, value }: LdifAttribute): void {
  if (value.toString('latin1') !== '1') throw clientError('ldif-unsupported', `line ${line}: only version 1 of LDIF is read`)
}
