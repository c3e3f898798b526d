/**
 * Line ends of a submission. Mail has CRLF only (RFC 5321 2.3.8, RFC 5322 2.3); a bare LF or CR would be changed by the first program
 * on the way, and the seal over it would break. So it is put right before anything is certified (decision 0004).
 */
const LF = 10
const CR = 13

/** The bytes with every bare LF and bare CR made CRLF; the same buffer where there is none. */
export function withCrlf(bytes: Buffer): Buffer {
  const stray = strayPositions(bytes)
  if (stray.length === 0) return bytes
  const pieces: Buffer[] = []
  let from = 0
  for (const at of stray) {
    pieces.push(bytes.subarray(from, at), CRLF)
    from = at + 1
  }
  pieces.push(bytes.subarray(from))
  return Buffer.concat(pieces)
}

const CRLF = Buffer.from('\r\n')

function strayPositions(bytes: Buffer): number[] {
  const stray: number[] = []
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) stray.push(at)
  }
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] !== LF) stray.push(at)
  }
  return stray.sort((a, b) => a - b)
}

/** Whether a byte beyond ASCII occurs: the message needs 8bit (RFC 6152). */
export function hasEightBit(bytes: Buffer): boolean {
  // A latin1 text is ASCII exactly if its UTF-8 form is not longer: counting runs in native code.
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const piece = bytes.subarray(at, at + CHUNK)
    if (Buffer.byteLength(piece.toString('latin1')) !== piece.length) return true
  }
  return false
}

const CHUNK = 1024 * 1024
