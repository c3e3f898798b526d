/** Reads of refused submissions (migration 0012). */
import type { Reader } from '../storage/database.ts'

export function createRefusals(reader: Reader) {
  return {
    /** The identifiers under which submissions with that Message-ID, as the user wrote it, were refused. */
    async identifiersOf(msgid: string): Promise<string[]> {
      const rows = await reader.read<{ pec_msgid: string }>(
        'select pec_msgid from refusal where msgid = $1 order by at limit 100',
        [msgid],
      )
      return rows.map((row) => row.pec_msgid)
    },
  }
}
