/**
 * How long entries are kept: 30 months, then their whole month goes at once, as a partition.
 *
 * Invariants: a partition is dropped only when all its entries are older than 30 months and sealed, and each day on which they were sealed is
 * stamped and has its files; what is deleted is recorded first, entry by entry, and the record is sealed in the chain; what a legal hold
 * concerns, and what tells of a deletion, stays. The seals stay too, so that what is left still verifies.
 */
import type { EventSink } from '../base/events.ts'
import { instantOf } from '../base/instant.ts'
import type { DayFiles } from './day-files.ts'
import { ledgerEntry } from './entry.ts'
import type { EntryKey, Partition, RetentionQueries } from './retention-queries.ts'
import { monthsLater, monthStart, RETENTION_MONTHS } from './retention-time.ts'
import { CHAINS, chainOf, deletionLine, hashOfLine, sizeOf, type Deletion, type SlotRange } from './sealed-lines.ts'
import type { SealingReads } from './sealing-queries.ts'
import { createRanges, slotNumbers } from './slot-numbers.ts'
import { deletionId } from './verify-deletions.ts'

export interface RetentionDeps {
  readonly queries: RetentionQueries
  readonly reads: Pick<SealingReads, 'deletions'>
  readonly files: Pick<DayFiles, 'exists'>
  /** name of the provider, for the entries about deletions */
  readonly provider: string
  readonly report: EventSink
  readonly now: () => number
}

export interface Retention {
  /** Makes the partitions of this month and of the next ones. */
  makePartitions(): Promise<void>
  /** Drops what may be dropped; answers the names. What must wait is reported. */
  dropOld(): Promise<string[]>
  /** Deletes what only a hold kept that was removed meanwhile; answers how many entries. */
  dropReleased(): Promise<number>
}

const MONTHS_AHEAD = 3

const keyOf = ({ slot, seq }: EntryKey): string => `${slot}/${seq}`
const inOrder = (a: EntryKey, b: EntryKey): number => a.slot - b.slot || a.seq - b.seq

export function createRetention({ queries, reads, files, provider, report, now }: RetentionDeps): Retention {
  /** Why a partition cannot be dropped yet. */
  async function obstacle(partition: Partition): Promise<string | null> {
    const unsealed = await queries.firstUnsealed()
    for await (const { slot, seq } of queries.keys(partition.name)) {
      if (seq >= (unsealed.get(slot) ?? 0)) return `entry ${slot}/${seq} is not sealed`
    }
    const days = await queries.daysOf(partition)
    const finished = new Set(await queries.finishedDays(days))
    for (const day of days) {
      if (!finished.has(day)) return `${day} has no time stamp or no file yet`
      if (!(await files.exists(day))) return `the files of ${day} are not in the folder`
    }
    return null
  }

  /** What stays of a partition: what is held now, and what was not among the recorded deletions, if these were recorded before. */
  async function keptOf(name: string, recorded: readonly Deletion[]): Promise<EntryKey[]> {
    const held = await queries.heldKeys(name)
    if (recorded.length === 0) return held
    const known = new Set(held.map(keyOf))
    const deleted = slotNumbers(recorded.flatMap(({ ranges }) => ranges))
    const chains = new Set(recorded.map(({ chain }) => chain))
    const kept = [...held]
    for await (const key of queries.keys(name)) {
      if (chains.has(chainOf(key.slot)) && !deleted.has(key.slot, key.seq) && !known.has(keyOf(key))) kept.push(key)
    }
    return kept.toSorted(inOrder)
  }

  /** A deletion, with the entry that tells of it. @param nameOf the name by its number */
  async function plan(chain: number, before: number, ranges: readonly SlotRange[], nameOf: (number: number) => string) {
    const number = (await reads.deletions(chain)).length + 1
    const at = instantOf(now())
    const deletion = { chain, number, name: nameOf(number), before, at: at.ms, ranges }
    const hash = hashOfLine(deletionLine(deletion))
    const subject = `${sizeOf(ranges)} entries from before ${new Date(before).toISOString()} deleted`
    const facts = { pecMsgid: deletionId(chain, number), msgid: null, sender: '', recipients: [], subject }
    const entry = ledgerEntry('entries-deleted', at, facts, { related: [], provider, detail: hash.toString('hex') })
    return { deletion: { ...deletion, hash }, entry }
  }

  const rangesByChain = () => Array.from({ length: CHAINS }, () => createRanges())

  async function drop(partition: Partition): Promise<void> {
    const { name, to } = partition
    const all = await Promise.all(Array.from({ length: CHAINS }, (_, chain) => reads.deletions(chain)))
    const recorded = all.flat().filter((deletion) => deletion.name === name)
    const kept = await keptOf(name, recorded)
    const staying = new Set(kept.map(keyOf))
    const going = rangesByChain()
    for await (const key of queries.keys(name)) if (!staying.has(keyOf(key))) going[chainOf(key.slot)]?.add(key.slot, key.seq)
    for (const [chain, { ranges }] of going.entries()) {
      if (ranges.length === 0 || recorded.some((deletion) => deletion.chain === chain)) continue
      const { deletion, entry } = await plan(chain, to, ranges, () => name)
      await queries.record(deletion, entry)
    }
    if (!(await queries.drop(name, new Date(now()), kept))) return
    const entries = going.reduce((sum, { ranges }) => sum + sizeOf(ranges), 0)
    report('ledger-dropped', { name, before: new Date(to).toISOString(), entries, kept: kept.length })
  }

  return {
    async makePartitions() {
      for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead++) await queries.addPartition(new Date(monthStart(now(), ahead)))
    },
    async dropOld() {
      const dropped: string[] = []
      const ended = await queries.endedPartitions(new Date(now()))
      for (const partition of ended.filter(({ to }) => monthsLater(to, RETENTION_MONTHS) <= now())) {
        const reason = await obstacle(partition)
        if (reason !== null) {
          // The later ones wait too: what is gone is always what is oldest.
          report('ledger-drop-waits', { name: partition.name, reason })
          break
        }
        await drop(partition)
        dropped.push(partition.name)
      }
      return dropped
    },
    async dropReleased() {
      const before = await queries.keptSince()
      const going = rangesByChain()
      for (const { slot, seq } of await queries.releasedKeys(new Date(before))) going[chainOf(slot)]?.add(slot, seq)
      let entries = 0
      for (const [chain, { ranges }] of going.entries()) {
        if (ranges.length === 0) continue
        const { deletion, entry } = await plan(chain, before, ranges, (number) => `released-${number}`)
        if (await queries.release(deletion, entry)) entries += sizeOf(ranges)
      }
      if (entries > 0) report('ledger-released', { before: new Date(before).toISOString(), entries })
      return entries
    },
  }
}
