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
  const taxCodes = facts.map(({ taxCode }) => taxCode)
  const addresses = facts.map(({ address }) => address)
  await tx.query(
    `update member m set address = n.address, without_since = case when n.address is null then coalesce(m.without_since, $6) end,
       warned_on = case when n.address is null then m.warned_on end, proposed_on = case when n.address is null then m.proposed_on end
     from (select o.tax_code, case when f.effect = 'gives' then f.address when f.effect = 'takes' and o.address = f.address then null
         else o.address end as address
       from unnest($3::text[], $4::text[], $5::text[]) as f (tax_code, address, effect)
       join member o on o.slot = $1 and o.order_code = $2 and o.tax_code = f.tax_code) n
     where m.slot = $1 and m.order_code = $2 and m.tax_code = n.tax_code`,
    [slot, order, taxCodes, addresses, facts.map(({ what }) => EFFECTS[what]), at],
  )
  await tx.query(
    `insert into address_fact (slot, order_code, number, at, what, address, subject, registered, tax_code, surname, given_name,
       register_number, registered_on, struck_off_on)
     select $1, $2, $3 + f.place - 1, $4, f.what, f.address, f.subject, m.address, m.tax_code, m.surname, m.given_name,
       m.register_number, m.registered_on, m.struck_off_on
     from unnest($5::text[], $6::text[], $7::text[], $8::uuid[]) with ordinality as f (tax_code, what, address, subject, place)
     join member m on m.slot = $1 and m.order_code = $2 and m.tax_code = f.tax_code`,
    [slot, order, first, at, taxCodes, facts.map(({ what }) => what), addresses, facts.map(({ subject }) => subject)],
  )
  return first
}
