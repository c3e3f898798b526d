/** What must hold of the audit log: the cheap part. `ceralacca audit verify` recomputes all of it. */
import type { Check } from '../storage/consistency.ts'

export const AUDIT_CHECKS: readonly Check[] = [
  {
    invariant: 'I6',
    says: "A slot's audit log has no gap",
    sql: `select 'slot ' || slot as problem from audit_head h
          full join (select slot, count(*) as entries, max(seq) as last from audit_entry group by slot) e using (slot)
          where coalesce(e.entries, 0) is distinct from h.next_seq - 1 or e.last <> h.next_seq - 1`,
  },
  {
    invariant: 'I6',
    says: 'A segment of the audit log follows the one before it, and the row of its chain names the last one',
    sql: `select 'chain ' || slot / 256 || ', segment ' || number as problem from (
            select slot, number, previous, lag(hash, 1, decode(repeat('00', 32), 'hex')) over chain as before,
              lag(number, 1, 0::bigint) over chain as number_before
            from audit_segment window chain as (partition by slot order by number)) s
          where previous <> before or number <> number_before + 1
          union all
          select 'chain ' || c.slot / 256 from audit_chain c
          where c.number <> (select coalesce(max(s.number), 0) from audit_segment s where s.slot = c.slot)`,
  },
]
