/** What must hold of ordinary mail that leaves. */
import type { Check } from '../storage/consistency.ts'

export const NOTICES_CHECKS: readonly Check[] = [
  {
    invariant: 'notices',
    says: 'An ordinary e-mail has a body, which may hold a link, if and only if it waits',
    sql: `select 'mail ' || id as problem from ordinary_mail
          where (body is not null) <> (state = 'waiting') or (closed_at is null) <> (state = 'waiting')`,
  },
]
