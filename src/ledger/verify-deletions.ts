/** Verifies what is recorded of deletions: each has its entry in the ledger, and took away only what was older than 30 months. */
import type { Reader } from '../storage/database.ts'
import type { LedgerProblem } from './problem.ts'
import { monthsLater, RETENTION_MONTHS } from './retention-time.ts'
import { deletionLine, hashOfLine, homeOf } from './sealed-lines.ts'
import type { StoredDeletion } from './sealing-queries.ts'

/** The identifier of the ledger entry about a deletion. */
export const deletionId = (chain: number, number: number): string => `deletion-${chain}-${number}`

export async function verifyDeletions(
  { reader, found }: { reader: Reader; found: (problem: LedgerProblem) => void },
  chain: number,
  deletions: readonly StoredDeletion[],
): Promise<void> {
  let number = 0
  for (const deletion of deletions) {
    number++
    const where = `deletion ${deletion.number} of chain ${chain}`
    const tell = (says: string): void => found({ kind: 'deletion', where, says })
    if (deletion.number !== number) tell('does not follow the one before it')
    else if (!hashOfLine(deletionLine(deletion)).equals(deletion.hash)) tell('its hash is not that of its line')
    else if (monthsLater(deletion.before, RETENTION_MONTHS) > deletion.at)
      tell(`took away what was younger than ${RETENTION_MONTHS} months`)
    else {
      const [entry] = await reader.read<{ detail: string | null }>(
        `select detail from ledger_entry where slot = $1 and pec_msgid = $2 and event = 'entries-deleted'`,
        [homeOf(chain), deletionId(chain, number)],
      )
      if (entry?.detail !== deletion.hash.toString('hex')) tell('is not the one that the ledger tells of')
    }
  }
}
