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

/** RFC 5322 3.6.8, and the blanks before the colon of 4.5.8. */
const FIELD = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/
const LF = 10
const CR = 13

/** Reads the header section that starts at `from`; lines that are no field are skipped, as mail programs do. Line ends may be CRLF or LF. */
export function parseHeader(bytes: Uint8Array, from = 0, to = bytes.length): Header {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const fields: HeaderField[] = []
  let at = from
  while (at < to) {
    let next = lineEnd(buffer, at, to)
    if (isEmptyLine(buffer, at, next)) return { fields, bodyStart: next }
    const start = at
    while (next < to && (buffer[next] === 32 || buffer[next] === 9)) next = lineEnd(buffer, next, to)
    const text = buffer.toString('latin1', start, next)
    const [opening, name] = FIELD.exec(text) ?? []
    if (opening !== undefined && name !== undefined) {
      fields.push({ name, value: text.slice(opening.length).replace(/\r?\n$/, ''), start, end: next })
    }
    at = next
  }
  return { fields, bodyStart: to }
}

function lineEnd(buffer: Buffer, from: number, to: number): number {
  const end = buffer.indexOf(LF, from)
  return end < 0 || end >= to ? to : end + 1
}

function isEmptyLine(buffer: Buffer, start: number, end: number): boolean {
  return buffer[start] === LF || (end - start === 2 && buffer[start] === CR && buffer[start + 1] === LF)
}

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
  return trimBlanks(value.replace(/\r?\n(?=[ \t])/g, ''))
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
