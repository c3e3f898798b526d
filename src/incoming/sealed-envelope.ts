/** Another provider's envelope as the Delivery Point takes it: its receipts enclose the original that stands in it. */
import { isAscii } from 'node:buffer'
import type { BlobSlice, MessageContent } from '../mailbox/content.ts'
import { encodeParsed, parseStructure } from '../mime/structure.ts'
import { parseHeader } from '../mime/header.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import { originalBytes, type ReadMessage } from '../pec/reading.ts'
import { bodyOf } from '../seal/seal-message.ts'
import type { ReturnTo, SealedEnvelope } from '../transport/types.ts'

const NOTHING = Buffer.alloc(0)

/** A message stored as it came: all of it is the blob. */
export const storedWhole = (bytes: Buffer, slice: BlobSlice): MessageContent => ({
  head: NOTHING,
  tail: NOTHING,
  size: bytes.length,
  parsed: encodeParsed(parseStructure(bytes)),
  slice,
})

/**
 * @param message of a correct envelope, read from `bytes`
 * @param blob where the bytes are stored
 */
export function sealedEnvelope(
  bytes: Buffer,
  message: ReadMessage & { readonly submission: SubmissionData },
  blob: Pick<BlobSlice, 'slot' | 'id' | 'place'>,
  returnTo: ReturnTo,
): SealedEnvelope {
  const { submission: data } = message
  const envelope = storedWhole(bytes, { ...blob, offset: 0, length: bytes.length })
  const part = message.original
  if (!part)
    return {
      data,
      envelope,
      returnTo,
      original: { header: NOTHING, bodyLength: 0, eightBit: false },
      body: null,
      bodySlice: null,
    }
  if (!['7bit', '8bit', 'binary'].includes(part.encoding)) {
    const whole = originalBytes(bytes, part)
    return {
      data,
      envelope,
      returnTo,
      original: { header: whole, bodyLength: 0, eightBit: !isAscii(whole) },
      body: null,
      bodySlice: null,
    }
  }
  const { bodyStart } = parseHeader(bytes, part.start, part.end)
  const header = bytes.subarray(part.start, bodyStart)
  const length = part.end - bodyStart
  return {
    data,
    envelope,
    returnTo,
    original: { header, bodyLength: length, eightBit: !isAscii(bytes.subarray(part.start, part.end)) },
    body: bodyOf(header, bytes.subarray(bodyStart, part.end)),
    bodySlice: { ...blob, offset: bodyStart, length },
  }
}
