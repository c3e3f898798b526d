/**
 * What the seals of the ledger are made over: lines of text, JSON arrays of a fixed order, UTF-8, the kind and the version of the form
 * first. They are fixed for ever; docs/reference/ledger.md explains them. Pure.
 */
import { hash } from 'node:crypto'
import { HASH_BYTES, leafHash, rootOf } from './merkle.ts'

/** A range of the numbers of a slot, both ends included. */
export interface SlotRange {
  readonly slot: number
  readonly first: number
  readonly last: number
}

/** Slots are in this many groups, each with a chain of its own. Fixed for ever: it says which chain an entry is in. */
export const CHAINS = 16
const SLOTS_OF_A_CHAIN = 256

/** The chain of a slot, 0 to 15. */
export const chainOf = (slot: number): number => Math.floor(slot / SLOTS_OF_A_CHAIN)

/** The slot in which a chain's own rows lie: the first one of its group. */
export const homeOf = (chain: number): number => chain * SLOTS_OF_A_CHAIN

/** What is sealed in chains: the ledger, and the audit log. */
export type Log = 'ledger' | 'audit'

export interface Segment {
  /** default: the ledger */
  readonly log?: Log
  readonly chain: number
  /** 1, 2, 3 ... */
  readonly number: number
  /** milliseconds since 1970, and so are the times of the oldest and of the newest entry */
  readonly sealedAt: number
  readonly firstAt: number
  readonly lastAt: number
  /** by slot */
  readonly ranges: readonly SlotRange[]
  /** Merkle root over the entries, in the order of the ranges */
  readonly root: Buffer
  /** hash of the segment before it; zeros before the first one */
  readonly previous: Buffer
}

/** Where a chain ends. */
export interface Head {
  readonly chain: number
  /** of its last segment; 0 where there is none yet */
  readonly number: number
  readonly hash: Buffer
}

/** What a time stamp is over. */
export interface Stamped {
  readonly number: number
  /** the day that it closes, YYYY-MM-DD in UTC; null for one that was asked for */
  readonly day: string | null
  readonly at: number
  /** of all chains, in order */
  readonly heads: readonly Head[]
  /** root of the stamp before it; zeros before the first one */
  readonly previous: Buffer
}

export interface Deletion {
  readonly chain: number
  readonly number: number
  /** of the partition */
  readonly name: string
  /** what is older was deleted */
  readonly before: number
  readonly at: number
  readonly ranges: readonly SlotRange[]
}

export const NO_HASH = Buffer.alloc(HASH_BYTES)

const VERSION = 1
const time = (ms: number): string => new Date(ms).toISOString()
const triples = (ranges: readonly SlotRange[]): number[][] => ranges.map(({ slot, first, last }) => [slot, first, last])

export const segmentLine = ({
  log = 'ledger',
  chain,
  number,
  sealedAt,
  firstAt,
  lastAt,
  ranges,
  root,
  previous,
}: Segment): string =>
  JSON.stringify([
    `ceralacca-${log}-segment`,
    VERSION,
    chain,
    number,
    time(sealedAt),
    time(firstAt),
    time(lastAt),
    triples(ranges),
    root.toString('hex'),
    previous.toString('hex'),
  ])

export const deletionLine = ({ chain, number, name, before, at, ranges }: Deletion): string =>
  JSON.stringify(['ceralacca-ledger-deletion', VERSION, chain, number, name, time(before), time(at), triples(ranges)])

export const headLine = ({ chain, number, hash }: Head): string =>
  JSON.stringify(['ceralacca-ledger-head', VERSION, chain, number, hash.toString('hex')])

/** What the line of a segment says; null where it is not exactly one. */
export function readSegmentLine(line: string): Segment | null {
  try {
    const [, , chain, number, sealedAt, firstAt, lastAt, ranges, root, previous] = JSON.parse(line) as SegmentFields
    const segment = {
      chain,
      number,
      sealedAt: Date.parse(sealedAt),
      firstAt: Date.parse(firstAt),
      lastAt: Date.parse(lastAt),
      ranges: ranges.map(([slot, first, last]) => ({ slot, first, last })),
      root: Buffer.from(root, 'hex'),
      previous: Buffer.from(previous, 'hex'),
    }
    return segmentLine(segment) === line ? segment : null
  } catch (error) {
    // No JSON, or of another shape, or no times: it came from outside and may be anything.
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return null
    throw error
  }
}

type SegmentFields = [string, number, number, number, string, string, string, [number, number, number][], string, string]

/** The lines under a stamp: its own, then one for each chain. */
export const stampLines = ({ number, day, at, heads, previous }: Stamped): string[] => [
  JSON.stringify(['ceralacca-ledger-stamp', VERSION, number, day, time(at), previous.toString('hex')]),
  ...heads.map(({ chain, number, hash }) =>
    JSON.stringify(['ceralacca-ledger-head', VERSION, chain, number, hash.toString('hex')]),
  ),
]

/** SHA-256 of a line, without its line end. */
export const hashOfLine = (line: string): Buffer => hash('sha256', line, 'buffer')

/** What is stamped: the Merkle root over the lines. */
export const stampRoot = (lines: readonly string[]): Buffer => rootOf(Buffer.concat(lines.map(leafHash)))

export const sizeOf = (ranges: readonly SlotRange[]): number => ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** The entry at a place of a segment. */
export function entryAt(ranges: readonly SlotRange[], index: number): { slot: number; seq: number } | null {
  let left = index
  for (const { slot, first, last } of ranges) {
    const count = last - first + 1
    if (left < count) return { slot, seq: first + left }
    left -= count
  }
  return null
}

/** The place of an entry in a segment, or -1. */
export function indexOf(ranges: readonly SlotRange[], slot: number, seq: number): number {
  let before = 0
  for (const range of ranges) {
    if (range.slot === slot && range.first <= seq && seq <= range.last) return before + seq - range.first
    before += range.last - range.first + 1
  }
  return -1
}

/** YYYY-MM-DD in UTC. */
export const dayOf = (ms: number): string => time(ms).slice(0, 10)

export const DAY_MS = 24 * 60 * 60_000

/** The first millisecond of a day. */
export const startOf = (day: string): number => Date.parse(`${day}T00:00:00.000Z`)
