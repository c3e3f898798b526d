/** What must hold of the ledger (I6): the cheap part. `ceralacca ledger verify` recomputes all of it. */
import type { Check } from '../storage/consistency.ts'
import type { Log } from './sealed-lines.ts'

/** By slot, how many entries a recorded deletion has taken away, whose partition is gone. */
const DELETED = `select r.slot, sum(r.last - r.first + 1) as entries from ledger_deletion d
    left join ledger_partition p on p.slot = 0 and p.name = d.name
    cross join unnest(d.slots, d.firsts, d.lasts) r(slot, first, last) where (p.name is null or p.dropped_at is not null) group by r.slot`

/** What must hold of the chains of a log (chain-queries.ts). @param name of the log, for people */
export const chainChecks = (log: Log, name: string): readonly Check[] => [
  {
    invariant: 'I6',
    says: `A segment of ${name} follows the one before it, and the row of its chain names the last one`,
    sql: `select 'chain ' || slot / 256 || ', segment ' || number as problem from (
            select slot, number, previous, lag(hash, 1, decode(repeat('00', 32), 'hex')) over chain as before,
              lag(number, 1, 0::bigint) over chain as number_before
            from ${log}_segment window chain as (partition by slot order by number)) s
          where previous <> before or number <> number_before + 1
          union all
          select 'chain ' || c.slot / 256 from ${log}_chain c
          where c.number <> (select coalesce(max(s.number), 0) from ${log}_segment s where s.slot = c.slot)
            or c.number > 0 and not exists (
              select from ${log}_segment s where s.slot = c.slot and s.number = c.number and s.hash = c.hash)`,
  },
  {
    invariant: 'I6',
    says: `What is sealed of ${name} was written`,
    sql: `select 'slot ' || c.slot + n - 1 as problem from ${log}_chain c cross join generate_series(1, 256) n
          left join ${log}_head h on h.slot = c.slot + n - 1
          where c.sealed[n] > coalesce(h.next_seq, 1)`,
  },
]

export const LEDGER_CHECKS: readonly Check[] = [
  {
    invariant: 'I6',
    says: "A slot's ledger has no gap, but for what was deleted after its time",
    sql: `select 'slot ' || slot as problem from ledger_head h
          full join (select slot, count(*) as entries, max(seq) as last from ledger_entry group by slot) e using (slot)
          left join (${DELETED}) d using (slot)
          where coalesce(e.entries, 0) + coalesce(d.entries, 0) is distinct from h.next_seq - 1
            or e.last > h.next_seq - 1 or d.entries is null and e.last < h.next_seq - 1`,
  },
  ...chainChecks('ledger', 'the ledger'),
  {
    invariant: 'I6',
    says: 'A stamp follows the one before it, and a day has one',
    sql: `select 'stamp ' || number as problem from (
            select number, day, previous, lag(root, 1, decode(repeat('00', 32), 'hex')) over (order by number) as before,
              row_number() over (order by number) as expected, count(*) over (partition by day) as of_day
            from ledger_stamp) s
          where previous <> before or number <> expected or day is not null and of_day > 1`,
  },
  {
    invariant: 'I6',
    says: 'A deletion has its entry in the ledger',
    sql: `select 'deletion ' || d.number || ' of chain ' || d.slot / 256 as problem from ledger_deletion d
          where not exists (select from ledger_entry e where e.slot = d.slot and e.event = 'entries-deleted'
            and e.pec_msgid = 'deletion-' || d.slot / 256 || '-' || d.number and e.detail = encode(d.hash, 'hex'))`,
  },
]
