/** Seals a composed message: digest, CMS, structure. What comes out is fixed for ever (I5). */
import { closeMessage, digestOf, type UnsealedMessage } from '../pec/message.ts'
import { countLines, encodeParsed, parseStructure, type MimePart } from '../mime/structure.ts'
import type { Sealer } from './cms-template.ts'

/** A message as head | body of the original | tail; without an original, head and tail alone are the message. */
export interface SealedMessage {
  readonly head: Buffer
  readonly tail: Buffer
  /** bytes of the whole message, the body included */
  readonly size: number
  /** structure of the whole message, encoded for storing */
  readonly parsed: Buffer
}

/** The body of an original, and the structure of the original as a message of its own. */
export interface OriginalBody {
  readonly bytes: Buffer
  /** line breaks in `bytes` */
  readonly lines: number
  readonly structure: MimePart
}

/** The body of an original whose (edited) header section is `header`. */
export function bodyOf(header: Buffer, bytes: Buffer): OriginalBody {
  return { bytes, lines: countLines(bytes), structure: parseStructure(Buffer.concat([header, bytes])).root }
}

/**
 * @param at instant of the seal, milliseconds since 1970: the one of the transaction (I7)
 * @param body of the enclosed original; not needed for a message without one, nor where the message has the whole of it (a brief receipt)
 */
export async function sealMessage(
  sealer: Pick<Sealer, 'seal'>,
  message: UnsealedMessage,
  at: number,
  body: OriginalBody | null,
): Promise<SealedMessage> {
  const { head, enclosed } = message
  const slice = enclosed && enclosed.bodyLength > 0 ? body : null
  if (enclosed && (slice?.bytes.length ?? 0) !== enclosed.bodyLength)
    throw new Error('this is not the body of the enclosed original')
  const seal = await sealer.seal(digestOf(message, slice ? [slice.bytes] : []), at)
  const tail = closeMessage(message, seal)
  const hole = slice && { at: head.length, length: slice.bytes.length, lines: slice.lines, embedded: slice.structure }
  const parsed = parseStructure(Buffer.concat([head, tail]), hole ?? undefined)
  return { head, tail, size: head.length + (slice?.bytes.length ?? 0) + tail.length, parsed: encodeParsed(parsed) }
}
