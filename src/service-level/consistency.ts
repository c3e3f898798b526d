/** What must hold of the tables of this room; that the figures are those of the ledger is looked after by `differences` of day-counts.ts. */
import type { Check } from '../storage/consistency.ts'

export const SERVICE_LEVEL_CHECKS: readonly Check[] = [
  {
    invariant: 'service level',
    says: 'A service has one outage at a time, and it ends after it begins',
    sql: `select 'outage of ' || service || ' at ' || from_at as problem from service_outage where to_at < from_at
          union all
          select 'outages of ' || service from service_outage where to_at is null group by service having count(*) > 1`,
  },
]
