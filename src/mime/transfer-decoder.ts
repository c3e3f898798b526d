/** Undoes transfer encodings piece by piece (RFC 2045 6): what is in memory is a piece and a few bytes, however long the body is. */
import { decodeQuotedPrintable, EQUALS, escapeAt, LONGEST_ESCAPE } from './transfer-encoding.ts'

export interface TransferDecoder {
  /** The bytes that are certain by now. */
  push(piece: Buffer): Buffer
  /** The last bytes. */
  end(): Buffer
}

/** The decoder of an encoding (in lower case); undefined if it is not known. Malformed input never throws: what can be read is read. */
export function transferDecoder(encoding: string): TransferDecoder | undefined {
  if (encoding === 'base64') return new Base64Decoder()
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder()
  return isIdentity(encoding) ? { push: (piece) => piece, end: () => Buffer.alloc(0) } : undefined
}

/** Are the encoded bytes the bytes themselves? */
export const isIdentity = (encoding: string): boolean => ['7bit', '8bit', 'binary'].includes(encoding)

class Base64Decoder implements TransferDecoder {
  /** less than four characters */
  #left = ''

  push(piece: Buffer): Buffer {
    // After padding a new text may begin: parts that were put together.
    const texts = (this.#left + piece.toString('latin1')).split(/=+/).map((text) => text.replace(/[^A-Za-z0-9+/]+/g, ''))
    const last = texts.pop() ?? ''
    const whole = last.length - (last.length % 4)
    this.#left = last.slice(whole)
    return Buffer.concat([...texts, last.slice(0, whole)].map((text) => Buffer.from(text, 'base64')))
  }

  end(): Buffer {
    return Buffer.from(this.#left, 'base64')
  }
}

class QuotedPrintableDecoder implements TransferDecoder {
  #left: Buffer = Buffer.alloc(0)

  push(piece: Buffer): Buffer {
    const bytes = this.#left.length === 0 ? piece : Buffer.concat([this.#left, piece])
    /** An escape that begins before is whole. */
    const certain = bytes.length - LONGEST_ESCAPE
    const decoded = Buffer.allocUnsafe(bytes.length)
    let length = 0
    let from = 0
    for (let equals = bytes.indexOf(EQUALS); equals >= 0 && equals < certain; equals = bytes.indexOf(EQUALS, from)) {
      const { byte, next } = escapeAt(bytes, equals)
      length += bytes.copy(decoded, length, from, equals)
      if (byte !== undefined) decoded[length++] = byte
      from = next
    }
    if (from < certain) {
      length += bytes.copy(decoded, length, from, certain)
      from = certain
    }
    // A copy, so that the piece is not kept for the sake of its end.
    this.#left = Buffer.from(bytes.subarray(from))
    return decoded.subarray(0, length)
  }

  end(): Buffer {
    return decodeQuotedPrintable(this.#left)
  }
}

/** A body decoded as it is read; pieces may be empty. The encoding must be known. */
export async function* decodePieces(pieces: AsyncIterable<Buffer>, decoder: TransferDecoder): AsyncIterable<Buffer> {
  for await (const piece of pieces) yield decoder.push(piece)
  yield decoder.end()
}
