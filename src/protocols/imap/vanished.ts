/** VANISHED responses (RFC 7162 3.2.10), and of which UIDs a client must hear that comes back after a while. */
import type { MessageList } from './message-list.ts'
import { commonRanges, formatRanges, rangesOf } from './sequence-set.ts'
import type { NumberRange, SequenceSet } from './sequence-set.ts'
import type { Selected } from './selected.ts'
import type { Session, UserSession } from './session.ts'

/** Ranges in one response: some 8 KiB, as much as clients take in a line (RFC 7162 4). */
const RANGES = 500

/** Messages of the session's own list that have gone: the client takes their numbers away. */
export function tellVanished(session: Pick<Session, 'output'>, uids: readonly number[]): Promise<void> {
  return writeRanges(session, 'VANISHED', rangesOf(uids))
}

async function writeRanges({ output }: Pick<Session, 'output'>, name: string, ranges: readonly NumberRange[]): Promise<void> {
  for (let at = 0; at < ranges.length; at += RANGES) {
    output.line(`* ${name} ${formatRanges(ranges.slice(at, at + RANGES))}`)
    await output.relieve()
  }
}

/** Sequence numbers and UIDs that belonged together when the client left, the n-th of one to the n-th of the other (RFC 7162 3.2.5.2). */
export interface MatchData {
  readonly seqs: SequenceSet
  readonly uids: SequenceSet
}

interface Absence {
  /** UIDs that the client asks about: ranges as `resolveRanges` makes them */
  readonly known: readonly NumberRange[]
  /** the modseq up to which it knows all */
  readonly since: number
  readonly match?: MatchData | undefined
}

/**
 * Tells the UIDs that have gone since then. Those that the session still counts are not among them, also if they have gone meanwhile: they will be
 * told in their turn. Where the store has forgotten when messages went, every UID that is not there is told.
 */
export async function tellVanishedEarlier(
  session: UserSession,
  { list, folder, lastUid }: Pick<Selected, 'list' | 'folder' | 'lastUid'>,
  { known, since, match }: Absence,
): Promise<void> {
  const { uids, complete } = await session.deps.store.vanished(session.mailbox, folder.id, since)
  const gone = complete ? rangesOf(uids.filter((uid) => list.seq(uid) === 0)) : gaps(list, lastUid)
  const heardUpTo = match ? lastMatch(list, match) : 0
  await writeRanges(session, 'VANISHED (EARLIER)', commonRanges(commonRanges(gone, known), [[heardUpTo + 1, Infinity]]))
}

/** The UIDs up to `last` that the list does not have. */
function gaps(list: MessageList, last: number): NumberRange[] {
  const ranges: NumberRange[] = []
  let next = 1
  for (let seq = 1; seq <= list.count; seq++) {
    const uid = list.uid(seq)
    if (uid > next) ranges.push([next, uid - 1])
    next = uid + 1
  }
  if (next <= last) ranges.push([next, last])
  return ranges
}

/**
 * The largest UID that has the number which the client knows, or 0. No message below it has gone then: none can have come in between. Nothing is
 * counted out, for a client may send ranges of any length.
 */
function lastMatch(list: MessageList, { seqs, uids }: MatchData): number {
  let best = 0
  const [numbers, identifiers] = [new RangeReader(seqs), new RangeReader(uids)]
  for (;;) {
    const length = Math.min(numbers.left, identifiers.left)
    if (length === 0) return best
    const [seq, uid] = [numbers.next, identifiers.next]
    // UIDs grow at least as fast as numbers, so those that fit are one piece, behind it come larger UIDs only.
    let [low, high] = [0, Math.max(0, Math.min(length, list.count - seq + 1))]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (list.uid(seq + middle) <= uid + middle) low = middle + 1
      else high = middle
    }
    if (low > 0 && list.uid(seq + low - 1) === uid + low - 1) best = Math.max(best, uid + low - 1)
    numbers.skip(length)
    identifiers.skip(length)
  }
}

/** How many numbers a set has whose ranges do not overlap. */
export const sizeOf = (set: SequenceSet): number => set.reduce((sum, [from, to]) => sum + to - from + 1, 0)

/** Goes through the numbers of a set range by range. */
class RangeReader {
  readonly #ranges: SequenceSet
  #at = 0
  #used = 0

  constructor(ranges: SequenceSet) {
    this.#ranges = ranges
  }

  get next(): number {
    return (this.#ranges[this.#at]?.[0] ?? 0) + this.#used
  }

  /** What is left of this range; 0 at the end. */
  get left(): number {
    const range = this.#ranges[this.#at]
    return range ? range[1] - range[0] + 1 - this.#used : 0
  }

  skip(numbers: number): void {
    this.#used += numbers
    if (this.left > 0) return
    this.#at++
    this.#used = 0
  }
}
