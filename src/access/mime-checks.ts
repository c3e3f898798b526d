/**
 * Whether the MIME structure of a submission is what it says (RFC 2045, 2046): a multipart that has no end is cut off, and parts that are
 * hidden too deep nobody has looked at. A message enclosed in another is only counted: what was cut on its way here may be forwarded.
 */
import { fieldValue, type Header } from '../mime/header.ts'
import { MAX_DEPTH, MAX_PARTS, parseStructure, type MimePart } from '../mime/structure.ts'
import { refusal, type Refusal } from './refusal.ts'

/** RFC 2046 5.1.1 */
const LONGEST_BOUNDARY = 70

/** What is wrong with the structure, or null. @param bytes with CRLF line ends only */
export function findMimeProblem(bytes: Buffer, header: Header): Refusal | null {
  // Nothing else has parts: most messages need no second look.
  if (!/^(?:multipart|message)\b/i.test(fieldValue(header, 'Content-Type') ?? '')) return null
  const parts = [...partsOf(parseStructure(bytes).root, 0, false)]
  if (parts.length >= MAX_PARTS) return refusal('bad-mime', `messaggio composto da ${MAX_PARTS} parti MIME o più`)
  if (parts.some(({ part, depth }) => depth >= MAX_DEPTH && isComposite(part)))
    return refusal('bad-mime', `parti MIME contenute l'una nell'altra oltre ${MAX_DEPTH} livelli`)
  for (const { part, enclosed } of parts) {
    const problem = enclosed || part.type !== 'multipart' ? null : delimiterProblem(bytes, part)
    if (problem !== null) return refusal('bad-mime', `struttura MIME non valida: ${problem}`)
  }
  return null
}

interface Found {
  readonly part: MimePart
  readonly depth: number
  /** within an enclosed message */
  readonly enclosed: boolean
}

function* partsOf(part: MimePart, depth: number, enclosed: boolean): Generator<Found> {
  yield { part, depth, enclosed }
  for (const child of part.children) yield* partsOf(child, depth + 1, enclosed || part.type === 'message')
}

const isComposite = ({ type, subtype }: MimePart): boolean => type === 'multipart' || (type === 'message' && subtype === 'rfc822')

function delimiterProblem(bytes: Buffer, part: MimePart): string | null {
  const boundary = part.parameters.find(([name]) => name === 'boundary')?.[1].trimEnd() ?? ''
  if (boundary === '' || boundary.length > LONGEST_BOUNDARY) return 'delimitatore delle parti (boundary) mancante o troppo lungo'
  const last = part.children.at(-1)
  if (!last) return 'nessuna parte fra i delimitatori dichiarati'
  // An empty last part has its line break before its end, any other after it.
  const at = bytes[last.end] === 13 && bytes[last.end + 1] === 10 ? last.end + 2 : last.end
  const closing = `--${boundary}--`
  return bytes.toString('latin1', at, at + closing.length) === closing ? null : 'delimitatore finale mancante'
}
