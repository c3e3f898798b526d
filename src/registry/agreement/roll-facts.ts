/** What an import of a roll is for the history of addresses. Contracts of who is struck off are stopped by their timers (timers.ts). */
import type { Transaction } from '../../storage/database.ts'
import { writeFacts, type Fact } from './address-facts.ts'
import type { Changed } from './rolls.ts'

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
    ...(await endElsewhere(tx, order, at, codesOf(changes, 'struck-off'))),
  ]
  if (facts.length > 0) await writeFacts(tx, order, at, facts)
  // Who comes back begins anew.
  await tx.query(
    `update member set without_since = $4, warned_on = null, proposed_on = null
     where slot = $1 and order_code = $2 and tax_code = any ($3) and address is null`,
    [tx.slot, order, codesOf(changes, 'restored'), at],
  )
}

/** Who is struck off has no address elsewhere any more, and proves none. */
async function endElsewhere(tx: Transaction, order: string, at: Date, taxCodes: readonly string[]): Promise<Fact[]> {
  const ended = await tx.query<{ taxCode: string; address: string; subject: string; isProved: boolean }>(
    `update address_elsewhere set state = 'ended', ended_at = $4, send_at = null, code_hash = null
     where slot = $1 and order_code = $2 and tax_code = any ($3) and state in ('unproved', 'proved')
     returning tax_code as "taxCode", address, id as subject, proved_at is not null as "isProved"`,
    [tx.slot, order, taxCodes, at],
  )
  return ended.flatMap(({ isProved, ...one }) => (isProved ? [{ ...one, what: 'elsewhere-ended' as const }] : []))
}
