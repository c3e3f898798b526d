/**
 * One MIME entity and its direct children, with byte offsets, and nothing deeper: what a reader wants who must not be led astray by what
 * is enclosed. Cost and limits do not depend on what a child holds inside, other than its length. Any bytes are an entity; nothing throws.
 */
import { decodeHeaderText } from './encoding.ts'
import { fieldValue, parseHeader, type Header } from './header.ts'
import { parameterText, parseParameterized } from './parameters.ts'
import { contentType, findDelimiter } from './structure.ts'

export interface Entity {
  /** first byte of the header, first byte of the body, end of the body before the line break of the next delimiter */
  readonly start: number
  readonly body: number
  readonly end: number
  readonly header: Header
  /** lower case, as "multipart/mixed" */
  readonly type: string
  readonly parameters: readonly (readonly [string, string])[]
  /** of the transfer, lower case; 7bit where none is given */
  readonly encoding: string
  /** of the disposition, or the `name` of the type; decoded; null where there is none */
  readonly fileName: string | null
}

/** A header section longer than this ends here. */
const MAX_HEADER = 1 << 20

/** The entity whose header starts at `start`; the header lies before `limit`, the body ends at `end`. */
export function readEntity(bytes: Buffer, start = 0, limit = bytes.length, end = limit): Entity {
  const header = parseHeader(bytes, start, Math.min(limit, start + MAX_HEADER))
  const { type, subtype, parameters } = contentType(fieldValue(header, 'Content-Type'), false)
  const encoding = parseParameterized(fieldValue(header, 'Content-Transfer-Encoding') ?? '').value.toLowerCase()
  const disposition = parseParameterized(fieldValue(header, 'Content-Disposition') ?? '').parameters
  const fileName = parameterText(disposition, 'filename') ?? parameterText(parameters, 'name')
  return {
    start,
    body: header.bodyStart,
    // An empty part shares the empty line after its header with the delimiter.
    end: Math.max(header.bodyStart, end),
    header,
    type: `${type}/${subtype}`,
    parameters,
    encoding: encoding || '7bit',
    fileName: fileName === undefined ? null : decodeHeaderText(fileName),
  }
}

/**
 * The direct children of a multipart (RFC 2046 5.1.1), at most `most` of them; none of anything else.
 * An unclosed multipart ends where its own entity ends.
 */
export function readChildren(bytes: Buffer, entity: Entity, most: number): Entity[] {
  const boundary = entity.parameters.find(([name]) => name === 'boundary')?.[1].trimEnd()
  if (!entity.type.startsWith('multipart/') || boundary === undefined || boundary === '') return []
  const view = bytes.subarray(entity.body, entity.end)
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  const children: Entity[] = []
  let current = findDelimiter(view, delimiter, 0)
  while (current && !current.close && children.length < most) {
    const next = findDelimiter(view, delimiter, current.after)
    const limit = next ? next.line : view.length
    const end = next ? next.lineBreak : view.length
    children.push(readEntity(bytes, entity.body + current.after, entity.body + limit, entity.body + end))
    current = next
  }
  return children
}
