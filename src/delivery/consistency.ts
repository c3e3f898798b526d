/** What must hold of deliveries (I3, I4, I6). */
import type { Check } from '../storage/consistency.ts'

export const DELIVERY_CHECKS: readonly Check[] = [
  {
    invariant: 'I3',
    says: "A verdict's receipt for a sender of ours is in the outbox or in his mailbox",
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from delivery d
          where d.outcome <> 'stored' and not d.remote
            and not exists (select 1 from outbox o where o.slot = d.slot and o.pec_msgid = d.pec_msgid and o.recipient = d.recipient
              and o.message_id = d.receipt_id)
            and not exists (select 1 from receipt r where r.pec_msgid = d.pec_msgid and r.recipient = d.recipient and r.message_id = d.receipt_id)`,
  },
  {
    invariant: 'I3',
    says: 'A verdict has a receipt, and what is only stored has none',
    sql: `select pec_msgid || ' to ' || recipient as problem from delivery where (receipt_id is null) <> (outcome = 'stored')`,
  },
  {
    invariant: 'I3',
    says: 'A receipt of ours was issued by a verdict of the same outcome',
    sql: `select r.pec_msgid || ' to ' || r.recipient as problem from receipt r
          where r.origin = 'local' and not exists (select 1 from delivery d where d.pec_msgid = r.pec_msgid and d.recipient = r.recipient
            and d.receipt_id = r.message_id and d.outcome = case r.kind when 'delivery' then 'delivered' else 'failed' end)`,
  },
  {
    invariant: 'I4',
    says: 'A recipient has one verdict per message',
    sql: `select pec_msgid || ' to ' || recipient as problem from delivery group by pec_msgid, recipient having count(*) > 1`,
  },
  {
    invariant: 'I6',
    says: 'A verdict has exactly one ledger entry',
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from delivery d
          where d.outcome <> 'stored' and d.at >= (select ledger_kept_since())
            and (select count(*) from ledger_entry e where e.slot = d.slot and e.pec_msgid = d.pec_msgid
            and e.related = array[d.receipt_id] and e.event = case d.outcome when 'delivered' then 'delivered' else 'delivery-failed' end) <> 1`,
  },
]
