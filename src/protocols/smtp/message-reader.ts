/** Reads the message of a DATA command into memory, within bounds of size, of memory for all together, and of time. */
import type { SMTPServerDataStream } from 'smtp-server'
import { createMemoryBudget, type MemoryClaim } from './memory-budget.ts'
import { reply } from './replies.ts'

export interface MessageReaderOptions {
  /** most bytes of a message */
  readonly messageBytes: number
  /** what messages being received hold together; beyond it a client is asked to come back */
  readonly memoryBytes?: number
  /** so long a message may take to come in */
  readonly milliseconds?: number
}

/** Reads a message and hands it to `use`; its memory counts until `use` is done. @throws SMTP replies for what is over a bound */
export type ReadMessage = <T>(stream: SMTPServerDataStream, use: (bytes: Buffer) => Promise<T>) => Promise<T>

const MEMORY_BYTES = 256 * 1024 * 1024
const MILLISECONDS = 30 * 60_000

export function createMessageReader(options: MessageReaderOptions): ReadMessage {
  // The largest message must fit, or it could never come in.
  const { messageBytes, memoryBytes = Math.max(MEMORY_BYTES, options.messageBytes), milliseconds = MILLISECONDS } = options
  const budget = createMemoryBudget(memoryBytes)
  const tooLarge = () => reply(552, `5.3.4 The message is larger than ${messageBytes} bytes`)

  async function collect(stream: SMTPServerDataStream, claim: MemoryClaim): Promise<Buffer> {
    const pieces: Buffer[] = []
    let refusal: Error | undefined
    // The message is read to its end also when it is refused: the client listens only then.
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (!refusal && stream.sizeExceeded) refusal = tooLarge()
      if (!refusal && !claim.add(piece.length)) refusal = reply(452, '4.3.1 Too many large messages at once: try again later')
      if (!refusal) pieces.push(piece)
      else if (pieces.length > 0) {
        pieces.length = 0
        claim.release()
      }
    }
    if (stream.sizeExceeded) refusal = tooLarge()
    if (refusal) throw refusal
    return Buffer.concat(pieces)
  }

  return async (stream, use) => {
    const claim = budget.claim()
    // A client that lets a message trickle in must not hold memory for ever. 421 ends its connection.
    const late = reply(421, '4.4.2 The message took too long')
    const timer = setTimeout(() => stream.destroy(late), milliseconds)
    try {
      const bytes = await collect(stream, claim)
      clearTimeout(timer)
      return await use(bytes)
    } finally {
      clearTimeout(timer)
      claim.release()
    }
  }
}
