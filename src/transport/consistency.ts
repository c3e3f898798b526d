/**
 * What must hold of submissions, dispatches and receipts (I1, I2, I4). That there was an acceptance is seen by the message, or by what remembers
 * that it was expunged, for as long as that is kept.
 */
import { TOMBSTONE_DAYS } from '../mailbox/sweep.ts'
import type { Check } from '../storage/consistency.ts'

export const TRANSPORT_CHECKS: readonly Check[] = [
  {
    invariant: 'I2',
    says: 'An accepted submission has its acceptance, and one dispatch per recipient',
    sql: `select 'submission ' || s.pec_msgid as problem from submission s
          where s.accepted_at > now() - interval '${TOMBSTONE_DAYS} days'
            and not exists (select 1 from content c where c.slot = s.slot and c.id = s.acceptance)
            and not exists (select 1 from tombstone t where t.slot = s.slot and t.content = s.acceptance)
            or (select count(*) from dispatch d where d.slot = s.slot and d.pec_msgid = s.pec_msgid) <> jsonb_array_length(s.recipients)`,
  },
  {
    invariant: 'I2',
    says: 'A dispatch is open, or closed by exactly one receipt of its outcome, or was taken over by an ordinary server',
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from dispatch d left join receipt r
            on r.slot = d.slot and r.pec_msgid = d.pec_msgid and r.recipient = d.recipient and r.message_id = d.closed_by
          where (d.outcome is null) <> (d.closed_at is null)
            or (d.closed_by is null) <> (d.outcome is null or d.outcome = 'relayed')
            or d.closed_by is not null and r.kind is distinct from
              (case d.outcome when 'delivered' then 'delivery' when 'failed' then 'non-delivery' when 'expired' then 'timeout-24' end)`,
  },
  {
    invariant: 'I2',
    says: 'No final receipt has come to a dispatch that is still open',
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from dispatch d
          where d.outcome is null and exists (select 1 from receipt r where r.slot = d.slot and r.pec_msgid = d.pec_msgid
            and r.recipient = d.recipient and r.kind <> 'timeout-12')`,
  },
  {
    invariant: 'I6',
    says: 'An accepted submission has exactly one ledger entry of its acceptance',
    sql: `select 'submission ' || s.pec_msgid as problem from submission s
          where s.accepted_at >= (select ledger_kept_since())
            and (select count(*) from ledger_entry e where e.slot = s.slot and e.pec_msgid = s.pec_msgid and e.event = 'accepted') <> 1`,
  },
  {
    invariant: 'I6',
    says: 'A receipt has exactly one ledger entry of its arrival',
    sql: `select r.pec_msgid || ' to ' || r.recipient as problem from receipt r
          where r.at >= (select ledger_kept_since())
            and (select count(*) from ledger_entry e where e.slot = r.slot and e.pec_msgid = r.pec_msgid and e.related = array[r.message_id]
            and e.event = case when r.origin <> 'own' then 'receipt-received' when r.kind = 'non-delivery' then 'delivery-failed'
              else 'timeout-notice' end) <> 1`,
  },
  {
    invariant: 'I6',
    says: 'What another server has taken over has exactly one ledger entry of it',
    sql: `select d.pec_msgid || ' to ' || d.recipient as problem from dispatch d
          where d.sent_at >= (select ledger_kept_since()) and (select count(*) from ledger_entry e where e.slot = d.slot and e.pec_msgid = d.pec_msgid
            and e.event = 'relayed' and d.recipient = any (e.recipients)) <> 1`,
  },
]
