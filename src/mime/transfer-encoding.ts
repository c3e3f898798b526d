/** Undoing transfer encodings (RFC 2045 6). Malformed input never throws: what can be read is read. */

/** The bytes behind an encoded body; an encoding that is unknown counts as none. */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(bytes.toString('latin1'), 'base64')
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes)
  return bytes
}

/** RFC 2045 6.7; an escape that is none stays as it is. */
export function decodeQuotedPrintable(bytes: Buffer): Buffer {
  let equals = bytes.indexOf(EQUALS)
  if (equals < 0) return bytes
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  let from = 0
  for (; equals >= 0; equals = bytes.indexOf(EQUALS, from)) {
    length += bytes.copy(decoded, length, from, equals)
    const { byte, next } = escapeAt(bytes, equals)
    from = next
    if (byte !== undefined) decoded[length++] = byte
  }
  length += bytes.copy(decoded, length, from)
  return decoded.subarray(0, length)
}

/** An escape that begins at `equals`: the byte that it stands for, undefined for a soft line break, and where to read on. */
export function escapeAt(bytes: Buffer, equals: number): { byte: number | undefined; next: number } {
  const softBreak = softBreakEnd(bytes, equals + 1)
  if (softBreak !== undefined) return { byte: undefined, next: softBreak }
  const byte = hexPair(bytes, equals + 1)
  return byte === undefined ? { byte: EQUALS, next: equals + 1 } : { byte, next: equals + 3 }
}

export const EQUALS = 61
/** White space that a relay added at the end of a line; more than this is none. */
const MAX_PADDING = 10
/** The longest escape: "=", white space, CR, LF. */
export const LONGEST_ESCAPE = MAX_PADDING + 3

/** Where the line after a soft line break starts, if one stands at `from`. */
function softBreakEnd(bytes: Buffer, from: number): number | undefined {
  let at = from
  while (at < from + MAX_PADDING && (bytes[at] === 32 || bytes[at] === 9)) at++
  if (bytes[at] === 13) at++
  return bytes[at] === 10 || at >= bytes.length ? Math.min(at + 1, bytes.length) : undefined
}

function hexPair(bytes: Buffer, at: number): number | undefined {
  const [high, low] = [hexDigit(bytes[at]), hexDigit(bytes[at + 1])]
  return high < 0 || low < 0 ? undefined : high * 16 + low
}

/** The value of a digit, -1 if it is none. */
function hexDigit(code = 0): number {
  if (code >= 48 && code <= 57) return code - 48
  const upper = code & ~32
  return upper >= 65 && upper <= 70 ? upper - 55 : -1
}
