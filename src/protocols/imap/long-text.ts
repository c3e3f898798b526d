/** Texts that are passed on piece by piece, as fast as the client takes them. */
import { TornText } from './errors.ts'
import type { Output } from '../wire/output.ts'

/** A long text: its first piece is there already, so that a message which is gone is noticed before anything is written. */
export interface LongText {
  readonly length: number
  /** it holds NUL, which no ordinary literal may */
  readonly binary: boolean
  readonly first: Buffer
  readonly rest: AsyncIterator<Buffer>
}

/** Writes what was announced, and no more. Throws TornText if there is less: what follows would be taken for a part of it. */
export async function writeLong(output: Output, { first, rest, length }: LongText): Promise<void> {
  let left = length
  try {
    for (let piece = first; ; piece = await nextPiece(rest)) {
      await output.bytes(piece)
      left -= piece.length
      if (left <= 0) break
    }
  } finally {
    await rest.return?.()
  }
  if (left < 0) throw new TornText('content is longer than known')
}

async function nextPiece(rest: AsyncIterator<Buffer>): Promise<Buffer> {
  let next: IteratorResult<Buffer>
  try {
    next = await rest.next()
  } catch (error) {
    throw new TornText('content broke off', { cause: error })
  }
  if (next.done === true) throw new TornText('content ends too early')
  return next.value
}
