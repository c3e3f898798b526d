/**
 * The original as a brief delivery receipt encloses it (RFC 6109 3.3.2.2): every attachment replaced by a file that holds its hash. All
 * other bytes stay, and so does the structure. Any bytes are a message: malformed input never throws, and the cost is linear in the size.
 */
import { hash } from 'node:crypto'
import { decodeHeaderText } from '../mime/encoding.ts'
import { fieldValue, parseHeader, type Header } from '../mime/header.ts'
import { parameterText, parseParameterized } from '../mime/parameters.ts'
import { parseStructure, type MimePart } from '../mime/structure.ts'

/** A part to be replaced, and what its file is called. */
interface Attachment {
  readonly part: MimePart
  readonly header: Header
  readonly name: string
}

/**
 * The whole brief message.
 * @param header of the original, up to and with the empty line
 */
export function briefOriginal(header: Buffer, body: Buffer): Buffer {
  const message = Buffer.concat([header, body])
  const pieces: Buffer[] = []
  let from = 0
  for (const attachment of attachmentsOf(message)) {
    pieces.push(message.subarray(from, attachment.part.start), ...hashFile(message, attachment))
    from = attachment.part.end
  }
  return Buffer.concat([...pieces, message.subarray(from)])
}

/** In the order of the message, none within another. What lies deeper than the structure is known is not looked into. */
function attachmentsOf(message: Buffer): Attachment[] {
  const { root } = parseStructure(message)
  // The type of the whole decides whether it is S/MIME: of a signed message only what was signed is looked into.
  const looked = root.type === 'multipart' && root.subtype === 'signed' ? root.children[0] : root
  if (looked === undefined || isCms(looked)) return []
  const found: Attachment[] = []
  collect(message, looked, found)
  return found
}

/** One object of CMS, whose attachments cannot be told apart. */
const isCms = ({ type, subtype }: MimePart): boolean =>
  type === 'application' && (subtype === 'pkcs7-mime' || subtype === 'x-pkcs7-mime')

function collect(message: Buffer, part: MimePart, into: Attachment[]): void {
  if (part.type === 'multipart' && part.children.length > 0) {
    for (const child of part.children) collect(message, child, into)
    return
  }
  const header = parseHeader(message, part.start, part.body)
  const isMessage = part.type === 'message' && part.subtype === 'rfc822'
  const name = fileName(header) ?? (isMessage ? 'message.eml' : undefined)
  if (name !== undefined) into.push({ part, header, name })
}

/** The part's file name in Unicode; undefined if it has no such parameter, which is what makes an attachment. */
function fileName(header: Header): string | undefined {
  const names = [nameIn(header, 'Content-Disposition', 'filename'), nameIn(header, 'Content-Type', 'name')].filter(
    (name) => name !== undefined,
  )
  return names.find((name) => name !== '') ?? (names.length > 0 ? 'part' : undefined)
}

function nameIn(header: Header, field: string, parameter: string): string | undefined {
  const { parameters } = parseParameterized(fieldValue(header, field) ?? '')
  const text = parameterText(parameters, parameter)
  // Encoded words have no place in a parameter (RFC 2047 5), and are common.
  const decoded = text === undefined || parameters.some(([key]) => key === `${parameter}*`) ? text : decodeHeaderText(text)
  return decoded?.replace(/[\u0000-\u001f\u007f]/g, '_')
}

/** Fields that describe the body, and so are written anew or would be wrong. */
const REPLACED = new Set(['content-type', 'content-disposition', 'content-transfer-encoding', 'content-md5'])

/** The part that stands in for `part`: its other fields as they are, and the hash. */
function hashFile(message: Buffer, { part, header, name }: Attachment): Buffer[] {
  // A message may be cut off within the delimiter line that begins the part.
  const kept: Buffer[] = part.start > 0 && message[part.start - 1] !== LF ? [Buffer.from('\r\n')] : []
  let from = part.start
  for (const field of header.fields) {
    if (!REPLACED.has(field.name.toLowerCase())) continue
    kept.push(message.subarray(from, field.start))
    from = field.end
  }
  kept.push(message.subarray(from, fieldsEnd(message, part)))
  const last = kept.findLast((piece) => piece.length > 0)?.at(-1)
  const inline = /^inline\b/i.test(fieldValue(header, 'Content-Disposition') ?? '')
  const fields = [
    `Content-Type: text/plain; charset=us-ascii;\r\n${parameterLines('name', `${name}.hash`)}`,
    `Content-Disposition: ${inline ? 'inline' : 'attachment'};\r\n${parameterLines('filename', `${name}.hash`)}`,
    'Content-Transfer-Encoding: 7bit',
  ]
  const digest = hash('sha1', message.subarray(part.body, part.end))
  const lineEnd = last === undefined || last === LF ? '' : '\r\n'
  return [
    ...kept,
    Buffer.from(`${lineEnd}${fields.join('\r\n')}\r\n\r\n${digest}${endsAtDelimiter(message, part) ? '\r\n' : ''}`),
  ]
}

const LF = 10
const CR = 13

/** Where the empty line after the part's header starts, or the header's end if it has none. */
function fieldsEnd(message: Buffer, { start, body }: MimePart): number {
  if (body === start || message[body - 1] !== LF) return body
  const line = body - 2 >= start && message[body - 2] === CR ? body - 2 : body - 1
  return line === start || message[line - 1] === LF ? line : body
}

/** An empty body may have no line break of its own before the delimiter. */
function endsAtDelimiter(message: Buffer, { end }: MimePart): boolean {
  return end < message.length && message[end] !== CR && message[end] !== LF
}

/** What fits on a line of a header as it is. */
const PLAIN = /^[\x20-\x7e]{1,200}$/

/** A parameter on lines of its own; a name that is long or not plain in the form of RFC 2231. */
function parameterLines(parameter: string, value: string): string {
  if (PLAIN.test(value) && !value.includes('=?')) return ` ${parameter}="${value.replace(/["\\]/g, '\\$&')}"`
  const encoded = Buffer.from(value)
    .toString('latin1')
    .replace(/[^A-Za-z0-9._-]/g, percent)
  const [first = '', ...more] = encoded.match(/(?:%..|[^%]){1,20}/g) ?? []
  if (more.length === 0) return ` ${parameter}*=utf-8''${first}`
  return [`utf-8''${first}`, ...more].map((segment, index) => ` ${parameter}*${index}*=${segment}`).join(';\r\n')
}

const percent = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
