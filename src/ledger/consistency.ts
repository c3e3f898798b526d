/** What must hold of the ledger (I6). */
import type { Check } from '../storage/consistency.ts'

export const LEDGER_CHECKS: readonly Check[] = [
  {
    invariant: 'I6',
    says: "A slot's ledger has no gap",
    sql: `select 'slot ' || h.slot as problem from ledger_head h left join (
            select slot, count(*) as entries, max(seq) as last from ledger_entry group by slot) e on e.slot = h.slot
          where coalesce(e.entries, 0) <> h.next_seq - 1 or coalesce(e.last, 0) <> h.next_seq - 1`,
  },
]
