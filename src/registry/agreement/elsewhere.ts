/**
 * Certified addresses that members have elsewhere. A member names one; a certified message with a code goes there (elsewhere-sender.ts);
 * who gives the code back, and whose address has delivered the message by its provider's own receipt, has it. Then it is the member's address in the history of the
 * order, and so in the register, until it is ended, another one is proved, a contract begins, or the member is struck off.
 */
import type { Actor } from '../../audit/audit.ts'
import { CeralaccaError, clientError } from '../../base/errors.ts'
import { isUuid, uuidv7 } from '../../base/ids.ts'
import { domainOf } from '../../base/domain-of.ts'
import type { Database, Reader, Transaction } from '../../storage/database.ts'
import { checkedAddress } from '../address.ts'
import { roleOf } from './actor.ts'
import { hashOfCode } from './elsewhere-code.ts'
import { addDays, startOf } from './days.ts'
import { slotOfOrder, type Orders } from './orders.ts'
import { hasNoMailbox, memberOnRoll, type Claimed, type RollReads } from './roll-members.ts'
import type { Step, Steps } from './steps.ts'
import { CODE_DAYS } from './terms.ts'

export interface ElsewhereRow extends Claimed {
  readonly kind: 'elsewhere'
  readonly slot: number
  readonly id: string
  readonly order: string
  readonly orderName: string
  readonly orderEmail: string | null
  readonly language: 'it'
  /** of the member we know no ordinary address */
  readonly email: ''
  readonly address: string
  readonly state: 'unproved' | 'proved' | 'ended'
  readonly createdAt: Date
  readonly triesLeft: number
  readonly expiresAt: Date
  /** the certified message with the code; null: it is not sent yet */
  readonly sentSlot: number | null
  readonly sentMsgid: string | null
  readonly provedAt: Date | null
  readonly endedAt: Date | null
}

export interface Elsewhere {
  /**
   * Begins the proof of an address; an earlier one that is not finished ends. Answers its id.
   * @throws those of `memberOnRoll`, `no-such-order`, `bad-address`, `not-certified`, `has-mailbox`, `too-many-proofs`
   */
  start(order: string, person: Claimed, address: string, actor: Actor): Promise<string>
  /** @throws `no-such-proof`, `wrong-state`, `code-expired`, `wrong-code`, `no-tries-left`, `not-delivered` (temporary) */
  prove(id: string, code: string, actor: Actor): Promise<ElsewhereRow>
  /** The member has it no more, or has named a wrong one. @throws `no-such-proof`, `wrong-state`, `not-yours` */
  end(id: string, actor: Actor): Promise<ElsewhereRow>
  /** @throws `no-such-proof` */
  get(id: string): Promise<ElsewhereRow>
  /** All of a member, the first one first. */
  of(order: string, taxCode: string): Promise<ElsewhereRow[]>
}

export interface ElsewhereDeps {
  readonly database: Database
  readonly steps: Steps
  readonly orders: Pick<Orders, 'get'>
  readonly rolls: RollReads
  /** whether a domain is in the directory of certified mail */
  readonly isCertified: (domain: string) => Promise<boolean>
  /** whether the recipient's provider has issued its delivery receipt for a message of ours */
  readonly isDelivered: (slot: number, pecMsgid: string, recipient: string) => Promise<boolean>
  readonly now: () => number
}

const TRIES = 5
/** Messages that a member may have us send in a day. */
const STARTS_A_DAY = 5
const DAY_MS = 86_400_000

const SELECT = `select 'elsewhere' as kind, e.slot, e.id, e.order_code as "order", o.name as "orderName", o.email as "orderEmail", '' as email, 'it' as language, e.tax_code as "taxCode", m.surname,
    m.given_name as "givenName", e.address, e.state, e.created_at as "createdAt", e.tries_left as "triesLeft", e.expires_at as "expiresAt",
    e.sent_slot as "sentSlot", e.sent_msgid as "sentMsgid", e.proved_at as "provedAt", e.ended_at as "endedAt"
  from address_elsewhere e join member m on m.slot = e.slot and m.order_code = e.order_code and m.tax_code = e.tax_code
  join professional_order o on o.code = e.order_code`

/** Ends what members have elsewhere, proved or not; answers those that were proved. */
export async function endElsewhere(
  tx: Transaction,
  order: string,
  at: Date,
  taxCodes: readonly string[],
  states: readonly ElsewhereRow['state'][] = ['unproved', 'proved'],
): Promise<{ taxCode: string; address: string; subject: string }[]> {
  const ended = await tx.query<{ taxCode: string; address: string; subject: string; isProved: boolean }>(
    `update address_elsewhere set state = 'ended', ended_at = $4, send_at = null, code_hash = null
     where slot = $1 and order_code = $2 and tax_code = any ($3) and state = any ($5)
     returning tax_code as "taxCode", address, id as subject, proved_at is not null as "isProved"`,
    [tx.slot, order, taxCodes, at, states],
  )
  return ended.flatMap(({ isProved, ...one }) => (isProved ? [one] : []))
}

async function findOne(reader: Reader, id: string): Promise<ElsewhereRow> {
  const [row] = isUuid(id) ? await reader.read<ElsewhereRow>(`${SELECT} where e.id = $1`, [id]) : []
  if (!row) throw clientError('no-such-proof', `Nobody has named an address elsewhere as ${id}`)
  return row
}

async function lock({ tx }: Step, id: string): Promise<ElsewhereRow & { codeHash: Buffer | null }> {
  const [hash] = await tx.query<{ codeHash: Buffer | null }>(
    'select code_hash as "codeHash" from address_elsewhere where slot = $1 and id = $2 for update',
    [tx.slot, id],
  )
  const [row] = await tx.query<ElsewhereRow>(`${SELECT} where e.slot = $1 and e.id = $2`, [tx.slot, id])
  if (!hash || !row) throw clientError('no-such-proof', `Nobody has named an address elsewhere as ${id}`)
  return { ...row, ...hash }
}

/** What of an address elsewhere goes into the audit log. */
export function recordElsewhere(
  step: Step,
  { id, address }: Pick<ElsewhereRow, 'id' | 'address'>,
  event: string,
  actor: Actor,
  message: string | null = null,
): void {
  step.record({
    ...actor,
    act: 'address-elsewhere',
    object: `elsewhere:${id}`,
    holders: [address],
    details: { event, address, message },
  })
}

export function createElsewhere({
  database: { reader },
  steps,
  orders,
  rolls,
  isCertified,
  isDelivered,
  now,
}: ElsewhereDeps): Elsewhere {
  const wrongState = ({ state, address }: ElsewhereRow) =>
    clientError('wrong-state', `${address} is ${state}: nothing has changed`)

  return {
    async start(order, person, wanted, actor) {
      await orders.get(order)
      const { taxCode } = await memberOnRoll(rolls, order, person)
      await hasNoMailbox(reader, order, taxCode)
      const address = checkedAddress(wanted)
      if (!(await isCertified(domainOf(address))))
        throw clientError('not-certified', `${domainOf(address)} is no domain of certified mail in the directory of providers`)
      const id = uuidv7(now())
      await steps(slotOfOrder(order), async (step) => {
        const { tx, slot, at, today } = step
        const [recent] = await tx.query<{ count: number }>(
          'select count(*) from address_elsewhere where slot = $1 and order_code = $2 and tax_code = $3 and created_at > $4',
          [slot, order, taxCode, new Date(at.getTime() - DAY_MS)],
        )
        if ((recent?.count ?? 0) >= STARTS_A_DAY)
          throw clientError('too-many-proofs', 'Too many codes were asked for today: try again tomorrow')
        await endElsewhere(tx, order, at, [taxCode], ['unproved'])
        await tx.query(
          `insert into address_elsewhere (slot, id, order_code, tax_code, address, state, created_at, tries_left, expires_at, send_at, attempts)
           values ($1, $2, $3, $4, $5, 'unproved', $6, $7, $8, $6, 0)`,
          [slot, id, order, taxCode, address, at, TRIES, new Date(startOf(addDays(today, CODE_DAYS + 1)))],
        )
        recordElsewhere(step, { id, address }, 'start', actor)
      })
      return id
    },

    async prove(id, code, actor) {
      const { slot, sentSlot, sentMsgid, address } = await findOne(reader, id)
      const delivered = sentSlot !== null && sentMsgid !== null && (await isDelivered(sentSlot, sentMsgid, address))
      // A wrong code costs a try, which must stay used: the step commits, and only then is it told.
      const refusal = await steps(slot, async (step): Promise<CeralaccaError | null> => {
        const { tx, at } = step
        const row = await lock(step, id)
        if (row.state !== 'unproved') return wrongState(row)
        if (row.expiresAt <= at)
          return clientError('code-expired', `The code was good until ${row.expiresAt.toISOString()}: begin anew`)
        if (row.triesLeft === 0) return clientError('no-tries-left', 'Too many wrong codes: begin anew, and another one is sent')
        if (!row.codeHash?.equals(hashOfCode(code))) {
          await tx.query('update address_elsewhere set tries_left = tries_left - 1 where slot = $1 and id = $2', [slot, id])
          recordElsewhere(step, row, 'wrong-code', actor)
          return clientError(
            'wrong-code',
            `This is not the code that was sent to ${row.address}; tries left: ${row.triesLeft - 1}`,
          )
        }
        if (!delivered)
          return new CeralaccaError(
            'not-delivered',
            'temporary',
            `The delivery receipt of ${row.address} has not come yet: try again in a moment`,
          )
        await endElsewhere(tx, row.order, at, [row.taxCode], ['proved'])
        await tx.query(
          `update address_elsewhere set state = 'proved', proved_at = $3, code_hash = null, send_at = null where slot = $1 and id = $2`,
          [slot, id, at],
        )
        step.fact(row, 'elsewhere')
        recordElsewhere(step, row, 'prove', actor, row.sentMsgid)
        return null
      })
      if (refusal) throw refusal
      return findOne(reader, id)
    },

    async end(id, actor) {
      if (roleOf(actor) === null) throw clientError('not-yours', 'The member, the order or an operator ends it')
      const { slot } = await findOne(reader, id)
      await steps(slot, async (step) => {
        const row = await lock(step, id)
        if (row.state === 'ended') throw wrongState(row)
        await endElsewhere(step.tx, row.order, step.at, [row.taxCode], [row.state])
        if (row.state === 'proved') step.fact(row, 'elsewhere-ended')
        recordElsewhere(step, row, 'end', actor)
      })
      return findOne(reader, id)
    },

    get: (id) => findOne(reader, id),

    of: (order, taxCode) =>
      reader.read<ElsewhereRow>(`${SELECT} where e.slot = $1 and e.order_code = $2 and e.tax_code = $3 order by e.id`, [
        slotOfOrder(order),
        order,
        taxCode,
      ]),
  }
}
