/** The top of a message (RFC 1939 7): header, empty line, some lines of the body. Line ends may be CRLF or LF, as in mime/header.ts. */
const LF = 10
const CR = 13

export class TopOfMessage {
  #linesLeft: number
  #inHeader = true
  /** of the line that is being read: its length so far, and its first byte */
  #length = 0
  #first = 0

  /** @param lines of the body */
  constructor(lines: number) {
    this.#linesLeft = lines
  }

  /** All of it has been taken. */
  get complete(): boolean {
    return !this.#inHeader && this.#linesLeft === 0
  }

  /** The next bytes of the message; answers as many of them as belong to the top. */
  take(piece: Buffer): Buffer {
    let at = 0
    while (at < piece.length && !this.complete) {
      const lineEnd = piece.indexOf(LF, at)
      const end = lineEnd < 0 ? piece.length : lineEnd
      if (this.#length === 0 && end > at) this.#first = piece[at] ?? 0
      this.#length += end - at
      at = end
      if (lineEnd < 0) break
      at++
      this.#endLine()
    }
    return piece.subarray(0, at)
  }

  #endLine(): void {
    const empty = this.#length === 0 || (this.#length === 1 && this.#first === CR)
    if (!this.#inHeader) this.#linesLeft--
    else if (empty) this.#inHeader = false
    this.#length = 0
  }
}
