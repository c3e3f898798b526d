/** Undoing transfer encodings (RFC 2045 6). Malformed input never throws: what can be read is read. */

/** The bytes behind an encoded body; an encoding that is unknown counts as none. */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(bytes.toString('latin1'), 'base64')
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes)
  return bytes
}

/** RFC 2045 6.7; an escape that is none stays as it is. */
export function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== EQUALS) {
      decoded[length++] = byte
      continue
    }
    const softBreak = softBreakEnd(bytes, at + 1)
    const value = softBreak === undefined ? hexPair(bytes, at + 1) : undefined
    if (softBreak !== undefined) at = softBreak - 1
    else if (value === undefined) decoded[length++] = byte
    else {
      decoded[length++] = value
      at += 2
    }
  }
  return decoded.subarray(0, length)
}

const EQUALS = 61
/** White space that a relay added at the end of a line; more than this is none. */
const MAX_PADDING = 10

/** Where the line after a soft line break starts, if one stands at `from`. */
function softBreakEnd(bytes: Buffer, from: number): number | undefined {
  let at = from
  while (at < from + MAX_PADDING && (bytes[at] === 32 || bytes[at] === 9)) at++
  if (bytes[at] === 13) at++
  return bytes[at] === 10 || at >= bytes.length ? Math.min(at + 1, bytes.length) : undefined
}

function hexPair(bytes: Buffer, at: number): number | undefined {
  const text = bytes.toString('latin1', at, at + 2)
  return /^[0-9A-Fa-f]{2}$/.test(text) ? Number.parseInt(text, 16) : undefined
}
