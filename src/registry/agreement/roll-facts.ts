/** What an import of a roll is for the history of addresses. Contracts of who is struck off are stopped by their timers (timers.ts). */
import type { Transaction } from '../../storage/database.ts'
import { writeFacts, type Fact } from './address-facts.ts'
import { endElsewhere } from './elsewhere.ts'
import type { Changed } from './roll-changes.ts'

const codesOf = (changes: readonly Changed[], ...kinds: readonly Changed['change'][]): string[] =>
  changes.filter(({ change }) => kinds.includes(change)).map(({ member }) => member.taxCode)

export async function writeRollFacts(tx: Transaction, order: string, at: Date, changes: readonly Changed[]): Promise<void> {
  const changed = await tx.query<{ taxCode: string; address: string }>(
    `select tax_code as "taxCode", address from member
     where slot = $1 and order_code = $2 and tax_code = any ($3) and address is not null`,
    [tx.slot, order, codesOf(changes, 'changed', 'restored')],
  )
  const facts: Fact[] = [
    ...changed.map((one) => ({ ...one, what: 'changed' as const, subject: null })),
    // Who is struck off has no address elsewhere any more, and proves none.
    ...(await endElsewhere(tx, order, at, codesOf(changes, 'struck-off'))).map((one) => ({
      ...one,
      what: 'elsewhere-ended' as const,
    })),
  ]
  if (facts.length > 0) await writeFacts(tx, order, at, facts)
  // Who comes back begins anew.
  await tx.query(
    `update member set without_since = $4, warned_on = null, proposed_on = null
     where slot = $1 and order_code = $2 and tax_code = any ($3) and address is null`,
    [tx.slot, order, codesOf(changes, 'restored'), at],
  )
}
