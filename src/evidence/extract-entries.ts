/** The entries of an extract, a thousand at a time, each with what seals it. What is kept meanwhile is their keys and the list of stamps. */
import { CeralaccaError, clientError } from '../base/errors.ts'
import type { CanonicalFields } from '../ledger/entry.ts'
import type { ExtractQueries, ExtractRange, TimedKey } from '../ledger/extract-queries.ts'
import { pathsOf } from '../ledger/merkle.ts'
import { indexOf, sizeOf } from '../ledger/sealed-lines.ts'
import type { SealingReads, StoredStamp } from '../ledger/sealing-queries.ts'

/** Where an entry is sealed. */
export interface EntrySeal {
  readonly chain: number
  readonly segment: number
  /** its place in the segment, and how many are there */
  readonly index: number
  readonly size: number
  /** Merkle path to the root of the segment, hexadecimal */
  readonly path: readonly string[]
  /** number of the first stamp with a token over it; null where there is none yet */
  readonly stamp: number | null
}

export interface ExtractEntry {
  /** canonical form (docs/reference/ledger.md) */
  readonly line: string
  readonly slot: number
  readonly seq: number
  /** milliseconds since 1970 */
  readonly at: number
  readonly event: string
  readonly pecMsgid: string
  readonly msgid: string | null
  readonly sender: string
  readonly recipients: readonly string[]
  readonly subject: string
  readonly related: readonly string[]
  readonly provider: string
  readonly detail: string | null
  /** null where it waits for its seal */
  readonly seal: EntrySeal | null
}

export const MOST_ENTRIES = 500_000
const PAGE = 1000
const STAMP_PAGE = 200

const nameOf = (first: number, second: number): string => `${first}/${second}`

export type ExtractReads = Pick<ExtractQueries, 'keys' | 'segmentsOf' | 'segmentsNamed'> &
  Pick<SealingReads, 'entries' | 'stamps'>

/** All stamps with a token, in order: one a day. */
export async function readStamps(reads: Pick<SealingReads, 'stamps'>): Promise<StoredStamp[]> {
  const stamps: StoredStamp[] = []
  for (let last = 0; ;) {
    const page = await reads.stamps(last, STAMP_PAGE)
    stamps.push(...page.filter(({ token }) => token !== null))
    last = page.at(-1)?.number ?? last
    if (page.length < STAMP_PAGE) return stamps
  }
}

/** The first stamp over a segment. Heads only ever grow, so the stamps are in order for every chain. */
function stampOver(stamps: readonly StoredStamp[], chain: number, segment: number): StoredStamp | undefined {
  let [low, high] = [0, stamps.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stamps[middle]?.heads[chain]?.number ?? 0) < segment) low = middle + 1
    else high = middle
  }
  return stamps[low]
}

async function sealsOf(reads: ExtractReads, keys: readonly TimedKey[], stamps: readonly StoredStamp[]) {
  const found = await reads.segmentsOf(keys)
  const names = new Map(found.map(({ chain, number }) => [nameOf(chain, number), { chain, number }]))
  const segments = await reads.segmentsNamed([...names.values()])
  const opened = new Map(
    segments.map((segment) => [nameOf(segment.chain, segment.number), { segment, pathTo: pathsOf(segment.leaves) }]),
  )
  const seals = new Map<string, EntrySeal>()
  for (const { slot, seq, chain, number } of found) {
    const one = opened.get(nameOf(chain, number))
    if (!one) continue
    const { ranges } = one.segment
    const index = indexOf(ranges, slot, seq)
    const path = one.pathTo(index).map((hash) => hash.toString('hex'))
    const stamp = stampOver(stamps, chain, number)?.number ?? null
    seals.set(nameOf(slot, seq), { chain, segment: number, index, size: sizeOf(ranges), path, stamp })
  }
  return seals
}

/**
 * The keys of what is asked for, by time.
 * @throws `extract-empty`, `extract-too-large`
 */
export async function keysOf(reads: Pick<ExtractReads, 'keys'>, range: ExtractRange): Promise<TimedKey[]> {
  const keys = await reads.keys(range, MOST_ENTRIES + 1)
  if (keys.length === 0)
    throw clientError('extract-empty', 'the ledger has nothing about that in that period: look at --from and --to')
  if (keys.length > MOST_ENTRIES)
    throw clientError(
      'extract-too-large',
      `there are more than ${MOST_ENTRIES} entries: make several extracts with --from and --to`,
    )
  return keys
}

/** @throws bug `ledger-damaged` if an entry has gone meanwhile */
export async function* extractEntries(
  reads: ExtractReads,
  keys: readonly TimedKey[],
  stamps: readonly StoredStamp[],
): AsyncGenerator<ExtractEntry> {
  for (let start = 0; start < keys.length; start += PAGE) {
    const page = keys.slice(start, start + PAGE)
    const between = { from: page[0]?.at ?? 0, to: page.at(-1)?.at ?? 0 }
    const ranges = page.map(({ slot, seq }) => ({ slot, first: seq, last: seq }))
    const lines = new Map((await reads.entries(ranges, between)).map(({ slot, seq, line }) => [nameOf(slot, seq), line]))
    const seals = await sealsOf(reads, page, stamps)
    for (const { slot, seq, at } of page) {
      const line = lines.get(nameOf(slot, seq))
      if (line === undefined) throw new CeralaccaError('ledger-damaged', 'bug', `ledger entry ${slot}/${seq} has gone`)
      const [, , , , event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail] = JSON.parse(
        line,
      ) as CanonicalFields
      const facts = { event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail }
      yield { line, slot, seq, at, ...facts, seal: seals.get(nameOf(slot, seq)) ?? null }
    }
  }
}
