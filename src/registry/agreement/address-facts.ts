/**
 * The history of an order's addresses: what became of the address of each member, numbered for each order, written in the transaction in
 * which it happens and never changed. What the register is to have of a member is what the last fact says; nothing else is asked for it
 * (register-exports.ts). Called by steps and by the import of rolls.
 */
import type { Transaction } from '../../storage/database.ts'

/** What a fact does to the address that the register is to have: `gives` it, `takes` it away if it is that one, or `keeps` what there is. */
const EFFECTS = {
  /** a contract has begun */
  given: 'gives',
  /** expired; it can be renewed, and stays in the register meanwhile */
  suspended: 'keeps',
  resumed: 'keeps',
  /** revoked, withdrawn, or the holder died */
  stopped: 'takes',
  ended: 'takes',
  /** the roll says something else of a member who has an address */
  changed: 'keeps',
  /** proved to be the member's, elsewhere */
  elsewhere: 'gives',
  'elsewhere-ended': 'takes',
} as const

export type FactKind = keyof typeof EFFECTS

export interface Fact {
  readonly what: FactKind
  readonly taxCode: string
  /** that it is about */
  readonly address: string
  /** the contract or the address elsewhere; null: the roll */
  readonly subject: string | null
}

/** The address of a member `m` after a fact about $4 with the effect $5. */
const AFTER = `case when $5::text = 'gives' then $4::text when m.address = $4::text then null else m.address end`

/**
 * Adds facts of an order, whose history is locked from then on; answers the number of the first one.
 * @param facts at most one of each member
 */
export async function writeFacts(tx: Transaction, order: string, at: Date, facts: readonly Fact[]): Promise<number> {
  const { slot } = tx
  const [history] = await tx.query<{ facts: number }>(
    `insert into address_history as h (slot, order_code, facts, exports) values ($1, $2, $3, 0)
     on conflict (slot, order_code) do update set facts = h.facts + excluded.facts returning h.facts`,
    [slot, order, facts.length],
  )
  const first = (history?.facts ?? 0) - facts.length + 1
  for (const { what, taxCode, address } of facts) {
    const effect = EFFECTS[what]
    // Who keeps what there is may be all of a roll.
    if (effect === 'keeps') continue
    await tx.query(
      `update member m set address = ${AFTER}, without_since = case when ${AFTER} is null then coalesce(m.without_since, $6) end,
         warned_on = case when ${AFTER} is null then m.warned_on end, proposed_on = case when ${AFTER} is null then m.proposed_on end
       where m.slot = $1 and m.order_code = $2 and m.tax_code = $3`,
      [slot, order, taxCode, address, effect, at],
    )
  }
  // One look for each fact ("offset 0"), whatever the planner believes of a table that has just been filled.
  await tx.query(
    `insert into address_fact (slot, order_code, number, at, what, address, subject, registered, tax_code, surname, given_name,
       register_number, registered_on, struck_off_on)
     select $1, $2, $3 + f.place - 1, $4, f.what, f.address, f.subject, m.address, m.tax_code, m.surname, m.given_name,
       m.register_number, m.registered_on, m.struck_off_on
     from unnest($5::text[], $6::text[], $7::text[], $8::uuid[]) with ordinality as f (tax_code, what, address, subject, place)
     cross join lateral (select * from member where slot = $1 and order_code = $2 and tax_code = f.tax_code offset 0) m`,
    [
      slot,
      order,
      first,
      at,
      facts.map(({ taxCode }) => taxCode),
      facts.map(({ what }) => what),
      facts.map(({ address }) => address),
      facts.map(({ subject }) => subject),
    ],
  )
  return first
}
