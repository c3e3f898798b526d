/**
 * Seals the ledger: entries go in order into hash-chained segments, one chain per group of slots, and never one over everything, which
 * would bring all work to one place. The way of a message knows nothing of it: what was committed is read and sealed afterwards.
 *
 * Invariants: a segment begins where the one before it ended, in each slot; it is added in one statement, which looks again whether its
 * predecessor is the last one, so that a chain never forks, whoever seals; its time is not before its predecessor's, nor in a closed day.
 */
import { CeralaccaError } from '../base/errors.ts'
import { leafHash, rootOf } from './merkle.ts'
import { CHAINS, hashOfLine, segmentLine, type SlotRange } from './sealed-lines.ts'
import type { ChainState, EntryLine, SealingQueries, StoredSegment } from './sealing-queries.ts'

export interface SealingDeps {
  readonly queries: Pick<SealingQueries, 'claim' | 'giveBack' | 'chain' | 'entries' | 'seal' | 'waiting'>
  /** names this process */
  readonly holder: string
  readonly now: () => number
}

export interface Sealed {
  readonly segments: number
  readonly entries: number
}

export interface Sealing {
  /** Seals the chains that are due, and that no other process works on: after a minute, or with 10,000 entries. */
  sealDue(): Promise<Sealed>
  /** Seals everything now, also beside another process. */
  sealAll(): Promise<Sealed>
  /** Lets others go on. */
  giveBack(): Promise<void>
}

const SEAL_EVERY_MS = 60_000
const MOST_ENTRIES = 10_000
export const LEASE_MS = 120_000
const MOST_CONFLICTS = 20

/** The first of them, no more than a segment holds. */
function firstOf(waiting: readonly SlotRange[]): SlotRange[] {
  const ranges: SlotRange[] = []
  let room = MOST_ENTRIES
  for (const { slot, first, last } of waiting) {
    if (room === 0) break
    const end = Math.min(last, first + room - 1)
    ranges.push({ slot, first, last: end })
    room -= end - first + 1
  }
  return ranges
}

/** The entries are those of the ranges, each once. @throws bug `ledger-damaged` that names the first one that is not there */
export function expectEntries(entries: readonly EntryLine[], ranges: readonly SlotRange[]): void {
  let index = 0
  for (const { slot, first, last } of ranges) {
    for (let seq = first; seq <= last; seq++, index++) {
      const entry = entries[index]
      if (entry?.slot !== slot || entry.seq !== seq) {
        throw new CeralaccaError('ledger-damaged', 'bug', `ledger entry ${slot}/${seq} is missing, or there twice`)
      }
    }
  }
}

export const leavesOf = (entries: readonly EntryLine[]): Buffer => Buffer.concat(entries.map(({ line }) => leafHash(line)))

function segmentOf(state: ChainState, ranges: readonly SlotRange[], entries: readonly EntryLine[], now: number): StoredSegment {
  const leaves = leavesOf(entries)
  const times = entries.map(({ at }) => at)
  const segment = {
    log: state.log,
    chain: state.chain,
    number: state.number + 1,
    // A clock that went back never takes the chain back.
    sealedAt: Math.max(now, state.sealedAt, state.closedUntil),
    firstAt: times.reduce((least, at) => Math.min(least, at), Infinity),
    lastAt: times.reduce((most, at) => Math.max(most, at), -Infinity),
    ranges,
    root: rootOf(leaves),
    previous: state.hash,
  }
  return { ...segment, leaves, hash: hashOfLine(segmentLine(segment)) }
}

export function createSealing({ queries, holder, now }: SealingDeps): Sealing {
  async function sealChain(chain: number): Promise<Sealed> {
    let [segments, entries, conflicts] = [0, 0, 0]
    for (;;) {
      const state = await queries.chain(chain)
      const ranges = firstOf(state.waiting)
      if (ranges.length === 0) return { segments, entries }
      const found = await queries.entries(ranges)
      expectEntries(found, ranges)
      if (await queries.seal(segmentOf(state, ranges, found, now()))) {
        segments++
        entries += found.length
      } else if (++conflicts > MOST_CONFLICTS) {
        throw new CeralaccaError('ledger-chain', 'bug', `chain ${chain} takes no segment: its row does not fit to its entries`)
      }
    }
  }

  async function sealAllOf(chains: readonly number[]): Promise<Sealed> {
    let [segments, entries] = [0, 0]
    for (const chain of chains) {
      const sealed = await sealChain(chain)
      segments += sealed.segments
      entries += sealed.entries
    }
    return { segments, entries }
  }

  const claim = (chain: number): Promise<boolean> =>
    queries.claim(chain, holder, { at: new Date(now()), until: new Date(now() + LEASE_MS) })

  return {
    async sealDue() {
      const due: number[] = []
      for (const { chain, entries, sealedAt } of await queries.waiting()) {
        const isDue = entries >= MOST_ENTRIES || now() - sealedAt >= SEAL_EVERY_MS
        if (isDue && (await claim(chain))) due.push(chain)
      }
      return sealAllOf(due)
    },
    sealAll: () => sealAllOf(Array.from({ length: CHAINS }, (_, chain) => chain)),
    async giveBack() {
      for (let chain = 0; chain < CHAINS; chain++) await queries.giveBack(chain, holder)
    },
  }
}
