/** What must hold of submissions, dispatches and receipts (I1, I2, I4). */
import type { Check } from '../storage/consistency.ts'

export const TRANSPORT_CHECKS: readonly Check[] = [
  {
    invariant: 'I2',
    says: 'An accepted submission has its acceptance, and one dispatch per recipient',
    sql: `select 'submission ' || s.pec_msgid as problem from submission s
          where not exists (select 1 from content c where c.slot = s.slot and c.id = s.acceptance)
            and not exists (select 1 from tombstone t where t.slot = s.slot and t.content = s.acceptance)
            or (select count(*) from dispatch d where d.slot = s.slot and d.pec_msgid = s.pec_msgid) <> jsonb_array_length(s.recipients)`,
  },
  {
    invariant: 'I2',
    says: 'A dispatch is closed by exactly one final receipt, and has none while it is open',
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from dispatch d left join (
            select slot, pec_msgid, recipient, count(*) as receipts, min(kind) as kind from receipt group by slot, pec_msgid, recipient
          ) r on r.slot = d.slot and r.pec_msgid = d.pec_msgid and r.recipient = d.recipient
          where coalesce(r.receipts, 0) <> case when d.outcome is null then 0 else 1 end
            or (d.outcome = 'delivered' and r.kind <> 'delivery') or (d.outcome = 'failed' and r.kind <> 'non-delivery')`,
  },
  {
    invariant: 'I6',
    says: 'An accepted submission has exactly one ledger entry of its acceptance',
    sql: `select 'submission ' || s.pec_msgid as problem from submission s
          where (select count(*) from ledger_entry e where e.slot = s.slot and e.pec_msgid = s.pec_msgid and e.event = 'accepted') <> 1`,
  },
  {
    invariant: 'I6',
    says: 'A receipt has exactly one ledger entry',
    sql: `select r.pec_msgid || ' to ' || r.recipient as problem from receipt r
          where (select count(*) from ledger_entry e where e.slot = r.slot and e.pec_msgid = r.pec_msgid
            and e.event = 'receipt-received' and e.related = array[r.message_id]) <> 1`,
  },
]
