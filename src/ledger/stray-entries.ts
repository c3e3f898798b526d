/** Finds entries that no segment can miss: beyond the numbers of their slot, or there twice; and numbers that wait to be sealed without an entry. */
import type { Reader } from '../storage/database.ts'
import { entryProblem, type LedgerProblem } from './problem.ts'
import { homeOf, type Log } from './sealed-lines.ts'

interface SlotCounts {
  slot: number
  next_seq: number
  sealed: number
}

/** By slot, how many entries were deleted after their time: of the ledger only. */
const DELETED: Record<Log, string> = {
  ledger: `select r.slot, sum(r.last - r.first + 1) as entries from ledger_deletion d
       left join ledger_partition p on p.slot = 0 and p.name = d.name
    cross join unnest(d.slots, d.firsts, d.lasts) r(slot, first, last) where d.slot = $1 and (p.name is null or p.dropped_at is not null) group by r.slot`,
  audit: 'select slot, 0 as entries from audit_head where false',
}

/** Counts first, and looks closer only where they do not agree. */
export async function findStrayEntries(reader: Reader, chain: number, log: Log = 'ledger'): Promise<LedgerProblem[]> {
  const home = homeOf(chain)
  // One statement sees one state: what is written meanwhile is wholly in it, or not at all.
  const odd = await reader.read<SlotCounts>(
    `select slot, coalesce(h.next_seq, 1) as next_seq, c.sealed[slot - c.home + 1] as sealed
     from (select slot, count(*) as entries, min(seq) as least, max(seq) as most from ${log}_entry
       where slot >= $1 and slot < $1 + 256 group by slot) e
     full join (select * from ${log}_head where slot >= $1 and slot < $1 + 256) h using (slot)
     left join (${DELETED[log]}) g using (slot)
     join (select slot as home, sealed from ${log}_chain) c on c.home = $1
     where coalesce(e.entries, 0) + coalesce(g.entries, 0) <> coalesce(h.next_seq, 1) - 1 or e.least < 1 or e.most >= coalesce(h.next_seq, 1)
     order by slot`,
    [home],
  )
  const problems: LedgerProblem[] = []
  for (const { slot, next_seq, sealed } of odd) {
    const [added] = await reader.read<{ seq: number; times: number }>(
      `select seq, count(*)::integer as times from ${log}_entry where slot = $1
       group by seq having count(*) > 1 or seq < 1 or seq >= $2 order by seq limit 1`,
      [slot, next_seq],
    )
    if (added) problems.push(entryProblem(slot, added.seq, added.times > 1 ? 'is there twice' : 'was added'))
    const [gone] = await reader.read<{ seq: number }>(
      `select n as seq from generate_series($2::bigint, $3::bigint - 1) n
       where not exists (select from ${log}_entry e where e.slot = $1 and e.seq = n) order by n limit 1`,
      [slot, sealed, next_seq],
    )
    if (gone) problems.push(entryProblem(slot, gone.seq, 'is missing'))
  }
  return problems
}
