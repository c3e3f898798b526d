/** What must hold of what came in (I3, I4, I6). */
import type { Check } from '../storage/consistency.ts'

export const INCOMING_CHECKS: readonly Check[] = [
  {
    invariant: 'I3',
    says: 'An envelope that was taken in charge has a verdict for each recipient that is done',
    sql: `select r.arrival || ' to ' || r.recipient as problem from arrival_recipient r join arrival a on a.slot = r.slot and a.id = r.arrival
          where r.done_at is not null and a.kind = 'envelope' and not r.infected
            and not exists (select 1 from delivery d where d.pec_msgid = r.arrival and d.recipient = r.recipient)`,
  },
  {
    invariant: 'I4',
    says: 'What came in has recipients or was forwarded, and its content',
    sql: `select a.id as problem from arrival a
          where not exists (select 1 from content c where c.slot = a.slot and c.id = a.content)
            or a.kind = 'envelope' and not exists (select 1 from arrival_recipient r where r.slot = a.slot and r.arrival = a.id)`,
  },
  {
    invariant: 'I6',
    says: 'What came in for a recipient has exactly one ledger entry of it',
    sql: `select r.arrival || ' to ' || r.recipient as problem from arrival_recipient r join arrival a on a.slot = r.slot and a.id = r.arrival
          where a.at >= (select ledger_kept_since())
            and (select count(*) from ledger_entry e where e.slot = r.slot and e.pec_msgid = a.facts->>'pecMsgid'
            and e.event = case when r.infected then 'virus-found' when a.kind = 'envelope' then 'taken-in-charge' else 'arrived' end
            and r.recipient = any (e.recipients)) <> 1`,
  },
]
