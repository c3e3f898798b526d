/** Sets of numbers as IMAP writes them (RFC 9051 9, `sequence-set`), and such that a client may write. */
import type { Random } from './random.ts'

/** The numbers of a set without "*". */
export function expandSet(set: string): number[] {
  const numbers: number[] = []
  for (const range of set.split(',')) {
    const [from = Number.NaN, to = from] = range.split(':').map(Number)
    if (!(from >= 1 && to >= 1)) throw new Error(`not a set: ${set}`)
    for (let number = Math.min(from, to); number <= Math.max(from, to); number++) numbers.push(number)
  }
  return numbers
}

export interface NamedMessages {
  /** as it stands in the command */
  readonly text: string
  /** UIDs that the client knows to be named */
  readonly uids: readonly number[]
  /** between these others may be named too, that the client does not know of */
  readonly from: number
  readonly to: number
}

/** Some of the messages that a client knows, by UID; 0 stands for a UID that it does not know. */
export function nameByUid(random: Random, view: readonly number[]): NamedMessages {
  const known = view.filter((uid) => uid > 0)
  const from = random.pick(known)
  if (random.chance(0.06)) return { text: '1:*', uids: known, from: 1, to: Infinity }
  // If none is left from there on, "*" is the last one before, and the range goes from it to `from` (RFC 9051 9, `seq-range`).
  if (random.chance(0.06)) return { text: `${from}:*`, uids: known.filter((uid) => uid >= from), from: 1, to: Infinity }
  if (random.chance(0.3)) {
    const to = from + random.below(12)
    return { text: `${from}:${to}`, uids: known.filter((uid) => uid >= from && uid <= to), from, to }
  }
  const uids = [...new Set([from, ...random.some(known, 2 / known.length)])]
  return { text: uids.join(), uids, from, to: from }
}

/** Some of the messages that a client knows, by number: none of which it does not know the UID. */
export function nameByNumber(random: Random, view: readonly number[]): NamedMessages {
  const numbers = view.flatMap((uid, index) => (uid > 0 ? [index + 1] : []))
  const named = (text: string, chosen: readonly number[]): NamedMessages => {
    const uids = chosen.map((number) => view[number - 1] ?? 0)
    // "*" is also one that comes before the command is looked at.
    return { text, uids, from: uids[0] ?? 0, to: text.endsWith('*') ? Infinity : (uids[0] ?? 0) }
  }
  const first = random.pick(numbers)
  if (numbers.length === view.length && random.chance(0.3)) {
    const last = Math.min(view.length, first + random.below(12))
    const chosen = numbers.slice(first - 1, last)
    if (random.chance(0.15)) return named(`${first}:*`, numbers.slice(first - 1))
    return named(random.chance(0.2) ? `${last}:${first}` : `${first}:${last}`, chosen)
  }
  const chosen = [...new Set([first, ...random.some(numbers, 2 / numbers.length)])]
  return named(chosen.join(), chosen)
}
