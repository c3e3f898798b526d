/** Sections of BODY[...] (RFC 3501 6.4.5): reading them, and finding their bytes in a message. */
import type { MimePart } from '../../mime/structure.ts'
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'

export type SectionText = '' | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME'

export interface Section {
  /** part numbers */
  readonly path: readonly number[]
  readonly text: SectionText
  /** names as written, for HEADER.FIELDS and HEADER.FIELDS.NOT */
  readonly fields: readonly string[]
}

export interface ByteRange {
  readonly from: number
  readonly to: number
}

const SPECIFIER = /^((?:[1-9]\d{0,8})(?:\.[1-9]\d{0,8})*)?(?:(^|\.)(HEADER|HEADER\.FIELDS|HEADER\.FIELDS\.NOT|TEXT|MIME))?$/
const MAX_FIELDS = 500

/** Reads what stands between "[" and "]", the closing bracket included. */
export function parseSection(args: Arguments): Section {
  if (args.accept(']')) return { path: [], text: '', fields: [] }
  const match = SPECIFIER.exec(args.itemName())
  const path = match?.[1]?.split('.').map(Number) ?? []
  const text = (match?.[3] ?? '') as SectionText
  const misplaced = (path.length > 0 && match?.[2] === '') || (text === 'MIME' && path.length === 0)
  if (!match || misplaced) throw syntaxError('Not a section')
  const fields = text === 'HEADER.FIELDS' || text === 'HEADER.FIELDS.NOT' ? parseFields(args) : []
  args.expect(']')
  return { path, text, fields }
}

function parseFields(args: Arguments): string[] {
  args.space()
  const fields = args.list(() => args.astring())
  if (fields.length === 0 || fields.length > MAX_FIELDS) throw syntaxError('Not a list of fields')
  return fields
}

/** The whole message. */
export const isWhole = ({ path, text }: Section): boolean => path.length === 0 && text === ''

/** The part with these numbers, or undefined. */
export function partAt(message: MimePart, path: readonly number[]): MimePart | undefined {
  let part: MimePart | undefined = message
  let isMessage = true
  for (const number of path) {
    const parts: readonly MimePart[] = isMessage ? partsOfMessage(part) : partsOfPart(part)
    part = parts[number - 1]
    if (!part) return undefined
    isMessage = false
  }
  return part
}

/** A message that is not multipart has one part: its body. */
const partsOfMessage = (message: MimePart): readonly MimePart[] => (message.type === 'multipart' ? message.children : [message])

/** A part that is a message has the numbers of the message within. */
function partsOfPart(part: MimePart): readonly MimePart[] {
  const inner = isEmbeddedMessage(part) ? part.children[0] : undefined
  return inner ? partsOfMessage(inner) : part.children
}

const isEmbeddedMessage = (part: MimePart): boolean => part.type === 'message' && part.subtype === 'rfc822'

/**
 * Where a section lies in the message; for HEADER.FIELDS the whole header. Undefined if there is no such part, or it has no such text:
 * the answer is NIL then.
 */
export function sectionRange(message: MimePart, { path, text }: Section): ByteRange | undefined {
  const part = partAt(message, path)
  if (!part) return undefined
  if (path.length === 0 && text === '') return { from: part.start, to: part.end }
  if (text === '') return { from: part.body, to: part.end }
  if (text === 'MIME') return { from: part.start, to: part.body }
  const holder = path.length === 0 ? part : isEmbeddedMessage(part) ? part.children[0] : undefined
  if (!holder) return undefined
  return text === 'TEXT' ? { from: holder.body, to: holder.end } : { from: holder.start, to: holder.body }
}
