/**
 * Byte-stuffing of a multi-line reply (RFC 1939 3). A dot at the start of a line gets a second one. A line begins behind every LF, also behind
 * one without CR: most clients take it for a line end, and a message must not be able to end its own reply.
 */
const LF = 10
const CR = 13
const DOT = 46

export class DotStuffing {
  /** the last two bytes; a message begins as if after a line end */
  #beforeLast = CR
  #last = LF

  /** The bytes of a piece, with the dots; the piece itself where none is needed, as in nearly all. */
  stuff(piece: Buffer): Buffer {
    const atStart = this.#last === LF && piece[0] === DOT
    this.#beforeLast = piece.at(-2) ?? (piece.length === 0 ? this.#beforeLast : this.#last)
    this.#last = piece.at(-1) ?? this.#last
    if (!atStart && !piece.includes('\n.')) return piece
    const text = piece.toString('latin1').replaceAll('\n.', '\n..')
    return Buffer.from(atStart ? `.${text}` : text, 'latin1')
  }

  /** What must follow the last piece, for the final dot stands on a line of its own. */
  end(): string {
    return this.#beforeLast === CR && this.#last === LF ? '' : '\r\n'
  }
}
