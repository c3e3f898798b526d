/** Reads of the ledger for who follows it entry by entry. */
import type { Reader } from '../storage/database.ts'
import type { LedgerEvent } from './entry.ts'
import type { SlotRange } from './sealed-lines.ts'

export interface FollowedEntry {
  readonly slot: number
  readonly seq: number
  readonly at: Date
  readonly event: LedgerEvent
  readonly pecMsgid: string
  readonly msgid: string | null
  readonly sender: string
  readonly recipients: readonly string[]
  readonly subject: string
  readonly related: readonly string[]
}

/** The entries of ranges that are of some events, by slot and number. */
export const followedEntries = (
  reader: Reader,
  ranges: readonly SlotRange[],
  events: readonly LedgerEvent[],
): Promise<FollowedEntry[]> =>
  reader.read<FollowedEntry>(
    `select e.slot, e.seq, e.at, e.event, e.pec_msgid as "pecMsgid", e.msgid, e.sender, e.recipients, e.subject, e.related
     from unnest($1::integer[], $2::bigint[], $3::bigint[]) r(slot, first, last)
     join ledger_entry e on e.slot = r.slot and e.seq between r.first and r.last
     where e.event = any ($4) order by e.slot, e.seq`,
    [ranges.map(({ slot }) => slot), ranges.map(({ first }) => first), ranges.map(({ last }) => last), events],
  )
