/** Who says to be a member of an order: looked for on its roll, by codice fiscale and names. */
import { clientError } from '../../base/errors.ts'
import type { Reader } from '../../storage/database.ts'
import { samePerson } from '../people/names.ts'
import { readTaxCode } from '../people/tax-code.ts'
import { slotOfOrder } from './orders.ts'
import type { RollMember } from './roll-file.ts'

export interface Claimed {
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
}

/** The rolls, as they are asked for one member. */
export interface RollReads {
  member(order: string, taxCode: string): Promise<RollMember | undefined>
}

/** @throws `bad-tax-code`, `not-on-roll`, `name-differs`, `struck-off` */
export async function memberOnRoll(rolls: RollReads, order: string, person: Claimed): Promise<RollMember> {
  const { code } = readTaxCode(person.taxCode)
  const member = await rolls.member(order, code)
  if (!member) throw clientError('not-on-roll', `The codice fiscale ${code} is not on the roll of ${order}: ask your order`)
  if (!samePerson(person, member))
    throw clientError(
      'name-differs',
      'Surname and name are not those of this codice fiscale on the roll: write them as your order does',
    )
  if (member.struckOffOn !== null) throw clientError('struck-off', `Struck off the roll of ${order} on ${member.struckOffOn}`)
  return member
}

/** @throws `has-mailbox` if the member has one by an agreement of the order */
export async function hasNoMailbox(reader: Reader, order: string, taxCode: string): Promise<void> {
  const [has] = await reader.read<{ address: string }>(
    `select c.address from contract c join holder h on h.slot = c.slot and h.id = c.holder
     where h.slot = $1 and h.order_code = $2 and h.tax_code = $3 and c.state in ('active', 'expiring', 'suspended')`,
    [slotOfOrder(order), order, taxCode],
  )
  if (has) throw clientError('has-mailbox', `There is a mailbox of this member already: ${has.address}`)
}
