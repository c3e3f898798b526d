/** What must hold of the audit log: the cheap part. `ceralacca audit verify` recomputes all of it. */
import { chainChecks } from '../ledger/consistency.ts'
import type { Check } from '../storage/consistency.ts'

export const AUDIT_CHECKS: readonly Check[] = [
  {
    invariant: 'I6',
    says: "A slot's audit log has no gap",
    sql: `select 'slot ' || slot as problem from audit_head h
          full join (select slot, count(*) as entries, max(seq) as last from audit_entry group by slot) e using (slot)
          where coalesce(e.entries, 0) is distinct from h.next_seq - 1 or e.last <> h.next_seq - 1`,
  },
  ...chainChecks('audit', 'the audit log'),
]
