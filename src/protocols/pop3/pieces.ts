/** Reading that has begun. */

/** A stored message is bytes of a row and then bytes of a blob: two pieces tell whether both can be read. */
const AHEAD = 2

/** Reads the first pieces now, so that an error can still be answered; the rest when it is asked for. */
export async function begin(pieces: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const rest = pieces[Symbol.asyncIterator]()
  const first: Buffer[] = []
  while (first.length < AHEAD) {
    const next = await rest.next()
    if (next.done === true) break
    first.push(next.value)
  }
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* first.splice(0)
        for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
      } finally {
        // The client may have gone in the midst of it.
        await rest.return?.()
      }
    },
  }
}
