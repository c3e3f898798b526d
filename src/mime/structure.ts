/**
 * The MIME structure of a message with byte offsets (RFC 2045, 2046), what IMAP's ENVELOPE and BODYSTRUCTURE, POP3's TOP and JMAP need
 * without reading the message again. Pure. Any bytes are a message: malformed input never throws, depth and number of parts are bounded,
 * and the cost is linear in the size. Line ends may be CRLF or LF. Strings are latin1, one character per byte.
 */
import { parseAddresses } from './address.ts'
import { parseHeader, unfold } from './header.ts'
import type { Header } from './header.ts'
import { parseParameterized } from './parameters.ts'
import type { ParameterizedValue } from './parameters.ts'
import type { Address, Envelope, Hole, MimePart, ParsedMessage } from './parsed.ts'

export type { Address, Envelope, Hole, MimePart, ParsedMessage } from './parsed.ts'
export { decodeParsed, encodeParsed } from './parsed-codec.ts'

/** Version of this parser: raise it when the outcome changes for a message. */
export const PARSER_VERSION = 1

/** Deeper parts, and parts beyond the number, are not looked into. */
export const MAX_DEPTH = 50
export const MAX_PARTS = 1000
/** A header section longer than this ends here, in the middle of whatever it is. */
const MAX_HEADER = 1 << 20

/** What is kept of one field's value, so that a hostile header is not kept for ever twice. */
const MAX_VALUE = 1 << 17

interface Parser {
  readonly bytes: Buffer
  readonly hole: Hole | undefined
  readonly count: (from: number, to: number) => number
  parts: number
  filled: boolean
}

/**
 * The structure of the whole of `bytes`. With `hole`, that of `bytes` with the missing ones put in, without having them.
 * Throws only if the hole fits no embedded message, which is a mistake of the caller.
 */
export function parseStructure(bytes: Buffer, hole?: Hole): ParsedMessage {
  const parser: Parser = { bytes, hole, count: lineCounter(bytes), parts: 0, filled: false }
  const root = parsePart(parser, { start: 0, limit: bytes.length, end: bytes.length, depth: 0, message: true, digest: false })
  if (hole && !parser.filled) throw new Error('the hole is not the body of an embedded message')
  return { version: PARSER_VERSION, root }
}

/** LFs in bytes [from, to). */
export function countLines(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let lines = 0
  for (let at = from; at < to; at++) if (bytes[at] === 10) lines++
  return lines
}

const BLOCK = 8192

/** Counts of whole blocks are kept, so that messages within messages are not counted again and again. */
function lineCounter(bytes: Buffer): (from: number, to: number) => number {
  if (bytes.length < 4 * BLOCK) return (from, to) => countLines(bytes, from, to)
  const known = new Int16Array(Math.ceil(bytes.length / BLOCK)).fill(-1)
  const block = (index: number): number => {
    const kept = known[index] ?? -1
    if (kept >= 0) return kept
    const lines = countLines(bytes, index * BLOCK, (index + 1) * BLOCK)
    known[index] = lines
    return lines
  }
  return (from, to) => {
    const first = Math.ceil(from / BLOCK)
    const last = Math.floor(to / BLOCK)
    if (first >= last) return countLines(bytes, from, to)
    let lines = countLines(bytes, from, first * BLOCK) + countLines(bytes, last * BLOCK, to)
    for (let index = first; index < last; index++) lines += block(index)
    return lines
  }
}

interface Region {
  readonly start: number
  /** where the header must end: the next delimiter line, or the end of what holds the part */
  readonly limit: number
  /** where the body ends, before the line break of the delimiter */
  readonly end: number
  readonly depth: number
  readonly message: boolean
  /** in a multipart/digest: a part without a type is a message (RFC 2046 5.1.5) */
  readonly digest: boolean
}

function parsePart(parser: Parser, region: Region): MimePart {
  parser.parts++
  const { bytes, hole } = parser
  const header = parseHeader(bytes, region.start, Math.min(region.limit, region.start + MAX_HEADER))
  const fields = firstFields(header)
  const type = contentType(fields.get('content-type'), region.digest)
  const disposition = fields.get('content-disposition')
  const body = header.bodyStart
  // An empty part shares the empty line after its header with the delimiter.
  const end = Math.max(body, region.end)
  const isMessage = type.type === 'message' && type.subtype === 'rfc822'
  const encoding = fields.get('content-transfer-encoding')
  const holeLines = hole && body <= hole.at && end >= hole.at ? hole.lines : 0
  const part: MimePart = {
    start: outer(hole, region.start),
    body: outer(hole, body),
    end: hole && end >= hole.at ? end + hole.length : end,
    lines: isMessage || type.type === 'text' ? parser.count(body, end) + holeLines : 0,
    type: type.type,
    subtype: type.subtype,
    parameters: type.parameters,
    id: textOf(fields, 'content-id'),
    description: textOf(fields, 'content-description'),
    encoding: (encoding === undefined ? '' : parseParameterized(unfold(encoding)).value.toLowerCase()) || '7bit',
    disposition: disposition === undefined ? null : contentDisposition(disposition),
    language: (textOf(fields, 'content-language') ?? '')
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    location: textOf(fields, 'content-location'),
    md5: textOf(fields, 'content-md5'),
    children: [],
    envelope: region.message ? envelopeOf(fields) : null,
  }
  if (region.depth < MAX_DEPTH) {
    // An encoded message (which RFC 2046 5.2.1 forbids) has no bytes that could be its parts.
    if (isMessage && IDENTITY.has(part.encoding)) parseEmbedded(parser, part.children, body, end, region.depth + 1)
    else if (type.type === 'multipart') parseChildren(parser, part, body, end, region.depth + 1)
  }
  return part
}

const IDENTITY = new Set(['7bit', '8bit', 'binary'])

const outer = (hole: Hole | undefined, at: number): number => (hole && at > hole.at ? at + hole.length : at)

function parseEmbedded(parser: Parser, into: MimePart[], start: number, end: number, depth: number): void {
  if (parser.parts >= MAX_PARTS) return
  const { hole } = parser
  const isHole =
    hole && start <= hole.at && end >= hole.at && end - start + hole.length === hole.embedded.end - hole.embedded.start
  parser.filled ||= isHole === true
  into.push(
    isHole
      ? graft(parser, hole.embedded, start - hole.embedded.start, depth)
      : parsePart(parser, { start, limit: end, end, depth, message: true, digest: false }),
  )
}

/** A parsed message as part of a larger one: offsets moved, the limits of the larger one kept. */
function graft(parser: Parser, part: MimePart, shift: number, depth: number): MimePart {
  parser.parts++
  const children: MimePart[] = []
  for (const child of depth < MAX_DEPTH ? part.children : []) {
    if (parser.parts >= MAX_PARTS) break
    children.push(graft(parser, child, shift, depth + 1))
  }
  return { ...part, start: part.start + shift, body: part.body + shift, end: part.end + shift, children }
}

function parseChildren(parser: Parser, multipart: MimePart, body: number, end: number, depth: number): void {
  const boundary = multipart.parameters.find(([name]) => name === 'boundary')?.[1].trimEnd()
  if (boundary === undefined || boundary === '') return
  const view = parser.bytes.subarray(body, end)
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  const digest = multipart.subtype === 'digest'
  let current = findDelimiter(view, delimiter, 0)
  while (current && !current.close && parser.parts < MAX_PARTS) {
    const next = findDelimiter(view, delimiter, current.after)
    const start = body + current.after
    const limit = next ? body + next.line : end
    const contentEnd = next ? body + next.lineBreak : end
    multipart.children.push(parsePart(parser, { start, limit, end: contentEnd, depth, message: false, digest }))
    current = next
  }
}

export interface Delimiter {
  /** the line break before the line, which belongs to the delimiter (RFC 2046 5.1.1) */
  readonly lineBreak: number
  readonly line: number
  /** first byte after the line */
  readonly after: number
  readonly close: boolean
}

/** The next delimiter line at or after `from` in the body of a multipart; `delimiter` is "--" and the boundary. */
export function findDelimiter(view: Buffer, delimiter: Buffer, from: number): Delimiter | undefined {
  for (let line = view.indexOf(delimiter, from); line >= 0; line = view.indexOf(delimiter, line + 1)) {
    if (line > 0 && view[line - 1] !== 10) continue
    let at = line + delimiter.length
    const close = view[at] === 45 && view[at + 1] === 45
    if (close) at += 2
    while (view[at] === 32 || view[at] === 9) at++
    if (view[at] === 13) at++
    if (at < view.length && view[at] !== 10) continue
    const lineBreak = line > 1 && view[line - 2] === 13 ? line - 2 : Math.max(line - 1, 0)
    return { lineBreak, line, after: Math.min(at + 1, view.length), close }
  }
  return undefined
}

/** Raw values by name in lower case; of a repeated field the first. */
function firstFields(header: Header): Map<string, string> {
  const fields = new Map<string, string>()
  for (const field of header.fields) {
    const name = field.name.toLowerCase()
    if (WANTED.has(name) && !fields.has(name)) fields.set(name, field.value.slice(0, MAX_VALUE))
  }
  return fields
}

const WANTED = new Set(
  (
    'content-type content-transfer-encoding content-id content-description content-disposition content-language content-location ' +
    'content-md5 date subject from sender reply-to to cc bcc in-reply-to message-id'
  ).split(' '),
)

function textOf(fields: Map<string, string>, name: string): string | null {
  const value = fields.get(name)
  return value === undefined ? null : unfold(value)
}

const TYPE = /^([!#$%&'*+\-.^_`{|}~\w]+)\s*\/\s*([!#$%&'*+\-.^_`{|}~\w]+)/

export interface ContentType {
  readonly type: string
  readonly subtype: string
  readonly parameters: [string, string][]
}

/** RFC 2045 5.2: what is missing or makes no sense is text/plain. */
export function contentType(raw: string | undefined, digest: boolean): ContentType {
  if (raw === undefined) {
    return digest ? { type: 'message', subtype: 'rfc822', parameters: [] } : { type: 'text', subtype: 'plain', parameters: [] }
  }
  const { value, parameters } = parseParameterized(unfold(raw))
  const match = TYPE.exec(value)
  if (!match) return { type: 'text', subtype: 'plain', parameters: [] }
  return { type: (match[1] ?? '').toLowerCase(), subtype: (match[2] ?? '').toLowerCase(), parameters }
}

function contentDisposition(raw: string): { type: string; parameters: [string, string][] } | null {
  const { value, parameters }: ParameterizedValue = parseParameterized(unfold(raw))
  const type = value.toLowerCase()
  if (type !== '') return { type, parameters }
  return parameters.length === 0 ? null : { type: 'attachment', parameters }
}

function envelopeOf(fields: Map<string, string>): Envelope {
  const addresses = (name: string): Address[] => {
    const value = fields.get(name)
    return value === undefined ? [] : parseAddresses(unfold(value))
  }
  return {
    date: textOf(fields, 'date'),
    subject: textOf(fields, 'subject'),
    from: addresses('from'),
    sender: addresses('sender'),
    replyTo: addresses('reply-to'),
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
    inReplyTo: textOf(fields, 'in-reply-to'),
    messageId: textOf(fields, 'message-id'),
  }
}
