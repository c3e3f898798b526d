/** What must hold of the quarantine (I5). The bytes of the blobs themselves are checked with all others. */
import type { Check } from '../storage/consistency.ts'

export const QUARANTINE_CHECKS: readonly Check[] = [
  {
    invariant: 'I5',
    says: "A message in quarantine has its blob, with the message's size and hash",
    sql: `select q.pec_msgid || ' at ' || q.point as problem from quarantine q
          left join blob b on b.slot = q.slot and b.id = q.blob
          where b.id is null or b.size <> q.size or b.sha256 <> q.sha256 or b.place <> q.blob_place`,
  },
]
