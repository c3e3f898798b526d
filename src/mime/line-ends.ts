/**
 * Line ends. Mail has CRLF only (RFC 5321 2.3.8, RFC 5322 2.3); a bare LF or CR would be changed by the first program on the way, and the seal
 * over it would break. So it is put right in what goes into a message that is sealed here (decision 0004); a sealed message itself is never touched.
 */
import { isAscii } from 'node:buffer'

const LF = 10
const CR = 13

/** The bytes with every bare LF and bare CR made CRLF; the same buffer where there is none. */
export function withCrlf(bytes: Buffer): Buffer {
  const stray = countStray(bytes)
  if (stray === 0) return bytes
  const result = Buffer.allocUnsafe(bytes.length + stray)
  let to = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === LF && bytes[at - 1] !== CR) result[to++] = CR
    result[to++] = byte
    if (byte === CR && bytes[at + 1] !== LF) result[to++] = LF
  }
  return result
}

function countStray(bytes: Buffer): number {
  let stray = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === LF ? bytes[at - 1] !== CR : byte === CR && bytes[at + 1] !== LF) stray++
  }
  return stray
}

/** Whether a byte beyond ASCII occurs: the message needs 8bit (RFC 6152). */
export const hasEightBit = (bytes: Buffer): boolean => !isAscii(bytes)
