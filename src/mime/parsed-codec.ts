/** How a parsed message is stored: JSON without names, about half the size. `version` stands first, so that a later form can be told. */
import type { Address, Envelope, MimePart, ParsedMessage } from './parsed.ts'

/** 0 is JSON's shortest value: it stands for null and for an empty list. */
type Packed<T> = T | 0

type PackedAddress = [name: Packed<string>, mailbox: Packed<string>, host: Packed<string>]
type Parameters = Packed<[string, string][]>

type PackedEnvelope = [
  date: Packed<string>,
  subject: Packed<string>,
  from: Packed<PackedAddress[]>,
  sender: Packed<PackedAddress[]>,
  replyTo: Packed<PackedAddress[]>,
  to: Packed<PackedAddress[]>,
  cc: Packed<PackedAddress[]>,
  bcc: Packed<PackedAddress[]>,
  inReplyTo: Packed<string>,
  messageId: Packed<string>,
]

type PackedPart = [
  start: number,
  body: number,
  end: number,
  lines: number,
  type: string,
  subtype: string,
  encoding: string,
  parameters: Parameters,
  id: Packed<string>,
  description: Packed<string>,
  disposition: Packed<[type: string, parameters: Parameters]>,
  language: Packed<string[]>,
  location: Packed<string>,
  md5: Packed<string>,
  children: Packed<PackedPart[]>,
  envelope: Packed<PackedEnvelope>,
]

/** For storing: compact, and only for `decodeParsed`. */
export function encodeParsed(parsed: ParsedMessage): Buffer {
  return Buffer.from(JSON.stringify([parsed.version, packPart(parsed.root)]))
}

/** What `encodeParsed` made, as bytes or as their text. */
export function decodeParsed(packed: Buffer | string): ParsedMessage {
  const [version, root] = JSON.parse(packed.toString()) as [number, PackedPart]
  return { version, root: unpackPart(root) }
}

/**
 * The envelope alone of what `encodeParsed` made, as its text: it stands at the end, and decoding the rest takes five times as long. `null`
 * if there is none.
 */
export function decodeEnvelope(packed: string): Envelope | null {
  const end = packed.length - 2
  if (packed[end - 1] !== ']') return null
  return unpackEnvelope(JSON.parse(packed.slice(arrayStart(packed, end - 1), end)) as PackedEnvelope)
}

/** Where the array begins whose closing bracket stands at `close`: backwards, strings are jumped over. */
function arrayStart(json: string, close: number): number {
  let depth = 0
  for (let at = close; at >= 0; at--) {
    const char = json[at]
    if (char === ']') depth++
    else if (char === '"') at = stringStart(json, at)
    else if (char === '[' && --depth === 0) return at
  }
  return 0
}

/** Where the string begins whose closing quote stands at `close`: a quote is its own if no odd number of backslashes stands before it. */
function stringStart(json: string, close: number): number {
  for (let at = json.lastIndexOf('"', close - 1); ; at = json.lastIndexOf('"', at - 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at
  }
}

const pack = <T>(value: T | null): Packed<T> => value ?? 0
const unpack = <T>(value: Packed<T>): T | null => (value === 0 ? null : value)
const packList = <T, U>(list: readonly T[], each: (item: T) => U): Packed<U[]> => (list.length === 0 ? 0 : list.map(each))
const unpackList = <T, U>(list: Packed<T[]>, each: (item: T) => U): U[] => (list === 0 ? [] : list.map(each))
const same = <T>(value: T): T => value

function packPart(part: MimePart): PackedPart {
  const { disposition } = part
  return [
    part.start,
    part.body,
    part.end,
    part.lines,
    part.type,
    part.subtype,
    part.encoding,
    packList(part.parameters, same),
    pack(part.id),
    pack(part.description),
    disposition ? [disposition.type, packList(disposition.parameters, same)] : 0,
    packList(part.language, same),
    pack(part.location),
    pack(part.md5),
    packList(part.children, packPart),
    part.envelope ? packEnvelope(part.envelope) : 0,
  ]
}

function unpackPart(packed: PackedPart): MimePart {
  const [start, body, end, lines, type, subtype, encoding, parameters, id, description, disposition, ...rest] = packed
  const [language, location, md5, children, envelope] = rest
  return {
    start,
    body,
    end,
    lines,
    type,
    subtype,
    parameters: unpackList(parameters, same),
    id: unpack(id),
    description: unpack(description),
    encoding,
    disposition: disposition === 0 ? null : { type: disposition[0], parameters: unpackList(disposition[1], same) },
    language: unpackList(language, same),
    location: unpack(location),
    md5: unpack(md5),
    children: unpackList(children, unpackPart),
    envelope: envelope === 0 ? null : unpackEnvelope(envelope),
  }
}

const packAddress = ({ name, mailbox, host }: Address): PackedAddress => [pack(name), pack(mailbox), pack(host)]

function unpackAddress([name, mailbox, host]: PackedAddress): Address {
  return { name: unpack(name), mailbox: unpack(mailbox), host: unpack(host) }
}

function packEnvelope(envelope: Envelope): PackedEnvelope {
  return [
    pack(envelope.date),
    pack(envelope.subject),
    packList(envelope.from, packAddress),
    packList(envelope.sender, packAddress),
    packList(envelope.replyTo, packAddress),
    packList(envelope.to, packAddress),
    packList(envelope.cc, packAddress),
    packList(envelope.bcc, packAddress),
    pack(envelope.inReplyTo),
    pack(envelope.messageId),
  ]
}

function unpackEnvelope([date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId]: PackedEnvelope): Envelope {
  return {
    date: unpack(date),
    subject: unpack(subject),
    from: unpackList(from, unpackAddress),
    sender: unpackList(sender, unpackAddress),
    replyTo: unpackList(replyTo, unpackAddress),
    to: unpackList(to, unpackAddress),
    cc: unpackList(cc, unpackAddress),
    bcc: unpackList(bcc, unpackAddress),
    inReplyTo: unpack(inReplyTo),
    messageId: unpack(messageId),
  }
}
