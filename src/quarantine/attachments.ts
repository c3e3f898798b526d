/**
 * Attachments that an operator blocks by their filename extension, wherever they stand in a message: in its parts, in the messages within it
 * (of an envelope, its postacert.eml), in ZIP files and in the ZIP files in those. Whatever has the form of a ZIP file counts as one, also if
 * it is called otherwise; so an extension that office documents use within themselves blocks them too.
 *
 * Nothing here throws for a message, however malformed. One that hides more than may be looked at counts as blocked: it was not looked at.
 */
import { decodeHeaderText } from '../mime/encoding.ts'
import { parseHeader, unfold } from '../mime/header.ts'
import { parameterText, parseParameterized } from '../mime/parameters.ts'
import { MAX_DEPTH, MAX_PARTS, parseStructure } from '../mime/structure.ts'
import type { MimePart } from '../mime/structure.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'
import { createBlockedNames, shownName } from './file-name.ts'
import type { Threat } from './types.ts'
import { isZip, TooMuchToExamine, zipNames } from './zip-names.ts'
import type { InflateBudget } from './zip-names.ts'

/** Messages that must be decoded before they can be read, within one another. */
const MAX_ENCODED_DEPTH = 8
/** A ZIP file within a ZIP file does not shrink, so an honest one fits in what the message has; small messages get this much. */
const LEAST_BUDGET = 16 * 1024 * 1024

export interface AttachmentCheck {
  /** The first blocked attachment, or null. */
  find(message: Buffer): Promise<Threat | null>
}

/** @param blocked extensions without the dot, in lower case */
export function createAttachmentCheck(blocked: readonly string[]): AttachmentCheck {
  const { blocks } = createBlockedNames(blocked)
  return {
    async find(message) {
      const budget = { left: Math.max(message.length, LEAST_BUDGET) }
      try {
        for await (const name of fileNames(message, budget, 0))
          if (blocks(name)) return threat(`allegato non ammesso ${shownName(name)}`)
        return null
      } catch (error) {
        if (error instanceof TooMuchToExamine) return threat('allegati che non si possono esaminare')
        throw error
      }
    },
  }
}

const threat = (name: string): Threat => ({ kind: 'blocked-attachment', name })

async function* fileNames(message: Buffer, budget: InflateBudget, encodedDepth: number): AsyncIterable<string> {
  let parts = 0
  for (const { part, depth } of partsOf(parseStructure(message).root, 0)) {
    if (++parts >= MAX_PARTS || (depth >= MAX_DEPTH && isContainer(part))) throw new TooMuchToExamine()
    const names = namesOfPart(message, part)
    yield* names
    if (part.children.length > 0) continue
    const content = decodeTransfer(message.subarray(part.body, part.end), part.encoding)
    if (isMessage(part, names)) {
      if (encodedDepth === MAX_ENCODED_DEPTH) throw new TooMuchToExamine()
      yield* fileNames(content, budget, encodedDepth + 1)
    } else if (isZip(content)) yield* zipNames(content, budget)
  }
}

function* partsOf(part: MimePart, depth: number): Iterable<{ part: MimePart; depth: number }> {
  yield { part, depth }
  for (const child of part.children) yield* partsOf(child, depth + 1)
}

const isContainer = ({ type, subtype }: MimePart): boolean => type === 'multipart' || (type === 'message' && subtype === 'rfc822')

/** A message whose parts are not known yet: an encoded one, or one that is called a file. */
const isMessage = ({ type, subtype }: MimePart, names: readonly string[]): boolean =>
  (type === 'message' && ['rfc822', 'global', 'news'].includes(subtype)) || names.some((name) => /\.eml[\s.]*$/i.test(name))

/** Every name that a mail program may take: also of repeated fields, and of repeated parameters. */
function namesOfPart(message: Buffer, part: MimePart): string[] {
  return parseHeader(message, part.start, part.body)
    .fields.filter(({ name }) => /^content-(type|disposition)$/i.test(name))
    .flatMap(({ value }) => parseParameterized(unfold(value)).parameters)
    .flatMap(([key, value]) => {
      const name = key.replace(/\*$/, '')
      if (name !== 'name' && name !== 'filename') return []
      // RFC 2231 where it is announced, else what programs write against RFC 2047 5 and others read.
      return [key === name ? decodeHeaderText(value) : (parameterText([[key, value]], name) ?? '')]
    })
}
