/** Sequence sets (RFC 3501 9): of sequence numbers or of UIDs; "*" is the largest in use. */

/** A range as written; `Infinity` stands for "*". */
export type NumberRange = readonly [from: number, to: number]

export type SequenceSet = readonly NumberRange[]

/** "$": the messages that the last SEARCH saved (RFC 5182). */
export const SAVED = '$'

/** What names messages in a command. */
export type MessageSet = SequenceSet | typeof SAVED

const RANGE = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/
const LARGEST = 0xffff_ffff

/** Reads a set; undefined if it is none. */
export function parseSequenceSet(text: string): SequenceSet | undefined {
  const ranges: NumberRange[] = []
  for (const piece of text.split(',')) {
    const match = RANGE.exec(piece)
    if (!match) return undefined
    const from = numberOf(match[1])
    const to = match[2] === undefined ? from : numberOf(match[2])
    if (Number.isNaN(from) || Number.isNaN(to)) return undefined
    ranges.push([from, to])
  }
  return ranges
}

function numberOf(text: string | undefined): number {
  if (text === '*') return Infinity
  const value = Number(text)
  return value >= 1 && value <= LARGEST ? value : Number.NaN
}

/** The set's ranges with "*" put in, each from its lower to its higher end, sorted, none touching another. */
export function resolveRanges(set: SequenceSet, largest: number): NumberRange[] {
  const ordered = set
    .map(([from, to]): NumberRange => [from === Infinity ? largest : from, to === Infinity ? largest : to])
    .map(([from, to]): NumberRange => (from <= to ? [from, to] : [to, from]))
    .sort(([a], [b]) => a - b)
  const merged: NumberRange[] = []
  for (const range of ordered) {
    const last = merged.at(-1)
    if (last && range[0] <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], range[1])]
    else merged.push(range)
  }
  return merged
}

/** Numbers (ascending) as a set, as short as it gets: `1:3,7`. */
export const formatSequenceSet = (numbers: readonly number[]): string => formatRanges(rangesOf(numbers))

export const formatRanges = (ranges: readonly NumberRange[]): string =>
  ranges.map(([from, to]) => (from === to ? String(from) : `${from}:${to}`)).join(',')

/** Numbers (ascending) as ranges, as few as it takes. */
export function rangesOf(numbers: readonly number[]): NumberRange[] {
  const ranges: NumberRange[] = []
  for (let at = 0; at < numbers.length; at++) {
    const from = numbers[at] ?? 0
    while (numbers[at + 1] === (numbers[at] ?? 0) + 1) at++
    ranges.push([from, numbers[at] ?? 0])
  }
  return ranges
}

/** What lies in both; of each the ranges are sorted, none touching another. */
export function commonRanges(some: readonly NumberRange[], others: readonly NumberRange[]): NumberRange[] {
  const common: NumberRange[] = []
  let [one, other] = [0, 0]
  for (;;) {
    const [a, b] = [some[one], others[other]]
    if (!a || !b) return common
    const [from, to] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])]
    if (from <= to) common.push([from, to])
    if (a[1] < b[1]) one++
    else other++
  }
}

/** Two lists of UIDs of equal length, in the order of COPYUID (RFC 4315 3): the n-th of one belongs to the n-th of the other. */
export function formatUidPairs(pairs: readonly (readonly [number, number])[]): [source: string, destination: string] {
  const source: string[] = []
  const destination: string[] = []
  for (let at = 0; at < pairs.length;) {
    const [from, into] = pairs[at] ?? [0, 0]
    let length = 1
    while (pairs[at + length]?.[0] === from + length && pairs[at + length]?.[1] === into + length) length++
    source.push(length === 1 ? String(from) : `${from}:${from + length - 1}`)
    destination.push(length === 1 ? String(into) : `${into}:${into + length - 1}`)
    at += length
  }
  return [source.join(','), destination.join(',')]
}
