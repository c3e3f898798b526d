/** A set of entries by slot and number, kept as ranges. */
import type { SlotRange } from './sealed-lines.ts'

export interface SlotNumbers {
  has(slot: number, seq: number): boolean
  readonly size: number
}

/** @param ranges that do not overlap */
export function slotNumbers(ranges: readonly SlotRange[]): SlotNumbers {
  const bySlot = Map.groupBy(
    ranges.toSorted((a, b) => a.first - b.first),
    ({ slot }) => slot,
  )
  return {
    size: ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    has(slot, seq) {
      const ofSlot = bySlot.get(slot)
      if (!ofSlot) return false
      let [low, high] = [0, ofSlot.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if ((ofSlot[middle]?.last ?? 0) < seq) low = middle + 1
        else high = middle
      }
      return (ofSlot[low]?.first ?? Infinity) <= seq
    },
  }
}

/** Collects entries, added in order by slot and number, as ranges. */
export function createRanges() {
  const ranges: { slot: number; first: number; last: number }[] = []
  return {
    ranges: ranges as readonly SlotRange[],
    add(slot: number, seq: number): void {
      const last = ranges.at(-1)
      if (last?.slot === slot && last.last + 1 === seq) last.last = seq
      else ranges.push({ slot, first: seq, last: seq })
    },
  }
}
