/** A message on its way to a socket: pieces joined where they are small and cut where they are large, never copied as a whole. */
import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'

/** A piece of this size costs one write; larger ones would hold the process too long at once. */
const PIECE = 64 * 1024

export const sizeOf = (content: readonly Buffer[]): number => content.reduce((sum, piece) => sum + piece.length, 0)

/** Whether a byte beyond ASCII occurs (RFC 6152). */
export const hasEightBit = (content: readonly Buffer[]): boolean => content.some((piece) => !isAscii(piece))

/** @param onPiece told before each piece; `last` when nothing more comes */
export function streamOf(content: readonly Buffer[], onPiece: (last: boolean) => void): Readable {
  const pieces = writesOf(content)
  return new Readable({
    highWaterMark: PIECE,
    read() {
      const { value, done } = pieces.next()
      onPiece(done === true)
      this.push(done === true ? null : value)
    },
  })
}

function* writesOf(content: readonly Buffer[]): Generator<Buffer, undefined> {
  let small: Buffer[] = []
  let held = 0
  for (const piece of content) {
    if (held > 0 && held + piece.length > PIECE) {
      yield Buffer.concat(small, held)
      small = []
      held = 0
    }
    if (piece.length > PIECE) for (let at = 0; at < piece.length; at += PIECE) yield piece.subarray(at, at + PIECE)
    else if (piece.length > 0) {
      small.push(piece)
      held += piece.length
    }
  }
  if (held > 0) yield small.length === 1 && small[0] ? small[0] : Buffer.concat(small, held)
}
