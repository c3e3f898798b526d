/** What must hold of refused submissions (I2, I6). That a notice was expunged is remembered for a time; it is asked for as long. */
import { TOMBSTONE_DAYS } from '../mailbox/sweep.ts'
import type { Check } from '../storage/consistency.ts'

export const ACCESS_CHECKS: readonly Check[] = [
  {
    invariant: 'I2',
    says: 'A refused submission has exactly one non-acceptance notice, in the mailbox of its sender',
    sql: `select 'refusal ' || r.pec_msgid as problem from refusal r
          where not exists (select 1 from mailbox m where m.slot = r.slot and m.id = r.mailbox)
            or r.at > now() - interval '${TOMBSTONE_DAYS} days'
              and not exists (select 1 from content c where c.slot = r.slot and c.id = r.notice)
              and not exists (select 1 from tombstone t where t.slot = r.slot and t.content = r.notice)
            or (select count(*) from refusal o where o.slot = r.slot and o.notice = r.notice) <> 1`,
  },
  {
    invariant: 'I2',
    says: 'A refused submission was not accepted too, and has no dispatch',
    sql: `select 'refusal ' || r.pec_msgid as problem from refusal r
          where exists (select 1 from submission s where s.pec_msgid = r.pec_msgid)
            or exists (select 1 from dispatch d where d.slot = r.slot and d.pec_msgid = r.pec_msgid)`,
  },
  {
    invariant: 'I6',
    says: 'A refused submission has exactly one ledger entry, and the ledger tells of no other',
    sql: `select 'refusal ' || coalesce(r.pec_msgid, e.pec_msgid) as problem
          from refusal r full join (
            select slot, pec_msgid, count(*) as entries from ledger_entry where event = 'refused' group by slot, pec_msgid
          ) e on e.slot = r.slot and e.pec_msgid = r.pec_msgid
          where r.pec_msgid is null or e.entries is distinct from 1 and r.at >= (select ledger_kept_since())`,
  },
]
