/** What kind of file an identity document is, by its first bytes: what its name or its sender says of it counts for nothing. Pure. */
import { clientError } from '../../base/errors.ts'

export const MOST_BYTES = 5_000_000
const LEAST_BYTES = 100

const MAGIC = [
  ['application/pdf', Buffer.from('%PDF-')],
  ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff])],
  ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
] as const

/** @throws `document-too-large`, `document-kind` */
export function documentKind(bytes: Buffer): (typeof MAGIC)[number][0] {
  if (bytes.length > MOST_BYTES)
    throw clientError('document-too-large', `The document has ${bytes.length} bytes; at most ${MOST_BYTES} are taken`)
  const [kind] = MAGIC.find(([, magic]) => bytes.subarray(0, magic.length).equals(magic)) ?? []
  if (kind === undefined || bytes.length < LEAST_BYTES)
    throw clientError('document-kind', 'The document must be a PDF, JPEG or PNG file')
  return kind
}
