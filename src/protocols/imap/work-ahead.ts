/** Work on many messages, some at a time, so that the store's latency is paid once for all of them; the outcomes come in order. */

/** What may be under way: so many messages, of so many bytes together that are read for them. */
const MOST = { messages: 128, bytes: 1024 * 1024 }

/** The bytes to name for work that reads ahead by large pieces: two of its kind are under way. */
export const MANY_BYTES = MOST.bytes / 2

export interface AheadWork<Thing, Outcome> {
  readonly bytes: (thing: Thing) => number
  readonly start: (thing: Thing) => Promise<Outcome>
  /** called for one outcome after the other */
  readonly take: (outcome: Outcome) => Promise<void> | void
}

type Settled<Outcome> = { readonly outcome: Outcome } | { readonly error: unknown }

/** Resolves when all is done; an error of `start` is thrown in its turn, and nothing is begun any more. */
export async function workAhead<Thing, Outcome>(
  things: AsyncIterable<Thing>,
  { bytes, start, take }: AheadWork<Thing, Outcome>,
): Promise<void> {
  const underWay: { readonly settled: Promise<Settled<Outcome>>; readonly bytes: number }[] = []
  let bytesUnderWay = 0
  const takeNext = async (): Promise<void> => {
    const next = underWay.shift()
    if (!next) return
    bytesUnderWay -= next.bytes
    const settled = await next.settled
    if ('error' in settled) throw settled.error
    await take(settled.outcome)
  }
  for await (const thing of things) {
    const needed = bytes(thing)
    while (underWay.length >= MOST.messages || (underWay.length > 0 && bytesUnderWay + needed > MOST.bytes)) await takeNext()
    underWay.push({ settled: settle(start(thing)), bytes: needed })
    bytesUnderWay += needed
  }
  while (underWay.length > 0) await takeNext()
}

/** What fails while others are waited for must wait for its turn. */
const settle = <Outcome>(work: Promise<Outcome>): Promise<Settled<Outcome>> =>
  work.then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ error }),
  )
