/** Identifiers: UUIDv7 (sorted by time, RFC 9562 5.7) and the slot of a mailbox. */
import { createHash, randomFillSync } from 'node:crypto'

/** How many slots a mailbox's tables are spread over. Fixed for ever: it stands in every key. */
const SLOTS = 4096

const random = Buffer.alloc(16 * 256)
let used = random.length

/** A new UUIDv7 for the instant `at` (milliseconds since 1970); ids of later milliseconds sort after earlier ones. */
export function uuidv7(at: number = Date.now()): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  const bytes = random.subarray(used, used + 16)
  used += 16
  bytes.writeUIntBE(at, 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text is a UUID as we write them, in lower case: others would be an error of the database. */
export const isUuid = (text: string): boolean => UUID.test(text)

/** A new message identifier, without angle brackets: unique for ever, alphanumeric before the "@" (RFC 6109 2.2.1). */
export const newMessageId = (at: number, domain: string): string => `${uuidv7(at).replaceAll('-', '')}@${domain}`

/** The slot of a mailbox id, of an address, or of anything else that places a row: 12 bits of its SHA-256. */
export function slotOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt16BE(0) % SLOTS
}
