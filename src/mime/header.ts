/**
 * The header section of a message, byte-exact: fields with their offsets, and edits that change nothing else (I5). Bytes are kept as
 * latin1 strings, one character per byte. Header names match in any case.
 */
export interface HeaderField {
  /** as written */
  readonly name: string
  /** raw value after the colon, folded as it stands, without the last line break */
  readonly value: string
  /** byte offsets of the whole field in the message, line break included */
  readonly start: number
  readonly end: number
}

export interface Header {
  readonly fields: HeaderField[]
  /** first byte after the empty line: where the body starts (the message's length if there is no body) */
  readonly bodyStart: number
}

const LF = 10
const CR = 13
const COLON = 58

/** Reads the header section that starts at `from`; lines that are no field are skipped, as mail programs do. Line ends may be CRLF or LF. */
export function parseHeader(bytes: Uint8Array, from = 0, to = bytes.length): Header {
  const end = findEmptyLine(bytes, from, to)
  // One text for the whole section: a call for each line or field costs more than reading them.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, end)
  const fields: HeaderField[] = []
  let at = 0
  while (at < text.length) {
    const start = at
    do at = lineAfter(text, at)
    while (isBlank(text.charCodeAt(at)))
    const field = readField(text, start, at, from)
    if (field) fields.push(field)
  }
  return { fields, bodyStart: end === to ? to : end + (bytes[end] === LF ? 1 : 2) }
}

/** Where the empty line begins; `to` if there is none. */
function findEmptyLine(bytes: Uint8Array, from: number, to: number): number {
  let line = from
  for (let at = from; at < to; at++) {
    if (bytes[at] !== LF) continue
    if (at === line || (at === line + 1 && bytes[line] === CR)) return line
    line = at + 1
  }
  return to
}

function lineAfter(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end + 1
}

/** RFC 5322 3.6.8, and the blanks before the colon of 4.5.8; undefined for what is no field. */
function readField(text: string, start: number, end: number, offset: number): HeaderField | undefined {
  let nameEnd = start
  while (isNameCharacter(text.charCodeAt(nameEnd))) nameEnd++
  let colon = nameEnd
  while (isBlank(text.charCodeAt(colon))) colon++
  if (nameEnd === start || text.charCodeAt(colon) !== COLON) return undefined
  const hasBreak = text.charCodeAt(end - 1) === LF
  const valueEnd = hasBreak ? end - (text.charCodeAt(end - 2) === CR ? 2 : 1) : end
  return { name: text.slice(start, nameEnd), value: text.slice(colon + 1, valueEnd), start: offset + start, end: offset + end }
}

const isNameCharacter = (code: number): boolean => code > 32 && code < 127 && code !== COLON
const isBlank = (code: number): boolean => code === 32 || code === 9

/** All fields of that name, in order. */
export function fieldsOf(header: Header, name: string): HeaderField[] {
  const wanted = name.toLowerCase()
  return header.fields.filter((field) => field.name.toLowerCase() === wanted)
}

/** The first field's value, unfolded and trimmed, or undefined. */
export function fieldValue(header: Header, name: string): string | undefined {
  const field = fieldsOf(header, name)[0]
  return field && unfold(field.value)
}

/** Takes the line breaks of folding out (RFC 5322 2.2.3) and trims. */
export function unfold(value: string): string {
  // Most values are of one line.
  return trimBlanks(value.includes('\n') ? value.replace(/\r?\n(?=[ \t])/g, '') : value)
}

/** As trim(), which would take the byte A0 for a blank: the last byte of a UTF-8 "à". */
function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && BLANKS.includes(text.charAt(from))) from++
  while (to > from && BLANKS.includes(text.charAt(to - 1))) to--
  return text.slice(from, to)
}

const BLANKS = ' \t\r\n'
