/** Reports of mail that was not delivered (RFC 3464), as other servers send them back. Pure; any bytes are read, and never throw. */
import { fieldValue, parseHeader, unfold } from '../mime/header.ts'
import { parseStructure, type MimePart } from '../mime/structure.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'

const MOST_BYTES = 64 * 1024
const MOST_GROUPS = 100
const LONGEST_REASON = 300

/**
 * Why a message was not delivered: the status code (RFC 3463) and the other server's words, in one line. Null where this is no report of a
 * failure for good: a delay, a delivery, an answer of a person or a program.
 */
export function failureIn(bytes: Buffer): string | null {
  const { root } = parseStructure(bytes)
  const kind = root.parameters.find(([name]) => name === 'report-type')?.[1].toLowerCase()
  if (root.type !== 'multipart' || root.subtype !== 'report' || kind !== 'delivery-status') return null
  const status = root.children.find(isStatus)
  if (!status) return null
  const body = decodeTransfer(bytes.subarray(status.body, Math.min(status.end, status.body + MOST_BYTES)), status.encoding)
  // The first group is about the message, each further one about a recipient (RFC 3464 2.1): ours has one.
  const groups = body
    .toString('latin1')
    .split(/(?:\r?\n[ \t]*){2,}/)
    .slice(0, MOST_GROUPS)
    .map((group) => parseHeader(Buffer.from(`${group}\r\n\r\n`, 'latin1')))
  const value = (group: (typeof groups)[number], name: string): string => unfold(fieldValue(group, name) ?? '').trim()
  const failed = groups.find((group) => /^failed\b/i.test(value(group, 'Action')))
  if (!failed) return null
  const [code = '5.0.0'] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(value(failed, 'Status')) ?? []
  const words = value(failed, 'Diagnostic-Code').replace(/^[\w-]+\s*;/, '')
  return oneLine(`${code} ${words}`)
}

/** RFC 6533 has one of its own for addresses beyond ASCII. */
const isStatus = ({ type, subtype }: MimePart): boolean =>
  type === 'message' && (subtype === 'delivery-status' || subtype === 'global-delivery-status')

const oneLine = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, LONGEST_REASON)
