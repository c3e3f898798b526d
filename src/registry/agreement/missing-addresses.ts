/**
 * Members of an order who have no certified address, here or elsewhere. The order must warn them, give them 30 days, and propose to suspend
 * who still has none; it does so by its own means, and what it sent when is noted here.
 */
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Database } from '../../storage/database.ts'
import { roleOf } from './actor.ts'
import { addDays, dayOf, isDay } from './days.ts'
import { slotOfOrder, type Orders } from './orders.ts'
import type { RollMember } from './roll-file.ts'
import { MEMBER_COLUMNS, type RollCursor } from './rolls.ts'
import { WARNING_DAYS } from './terms.ts'

export const STAGES = ['to-warn', 'warned', 'to-propose', 'proposed'] as const
export type Stage = (typeof STAGES)[number]

export interface MemberWithoutAddress extends RollMember {
  readonly since: Date
  readonly stage: Stage
  readonly warnedOn: string | null
  /** the last of the days that the warning gives; null: none was sent */
  readonly lastDay: string | null
  readonly proposedOn: string | null
}

export interface Sent {
  readonly kind: 'warning' | 'proposal'
  readonly sentOn: string
  readonly note: string
  readonly at: Date
  readonly notedBy: string
}

export interface Sending {
  readonly kind: Sent['kind']
  /** tax codes; `all` whom it concerns: who was not warned yet; who was, and let the days pass */
  readonly members: readonly string[] | 'all'
  /** the day on which it was sent; today unless given */
  readonly sentOn?: string
  /** how it was sent, such as the number of a registered letter */
  readonly note: string
}

export interface MissingAddresses {
  /** By surname, given name, tax code; those of one stage, or all. @throws `no-such-order` */
  list(
    order: string,
    page: { after?: RollCursor | null; limit: number; stage?: Stage | null },
  ): Promise<{ members: MemberWithoutAddress[]; next: RollCursor | null }>
  /**
   * Notes what the order sent; answers to how many.
   * @throws `no-such-order`, `not-yours`, `bad-day`, `no-reason`, `not-to-send` if it does not concern one of those who are named: nothing is noted
   */
  note(order: string, sending: Sending, actor: Actor): Promise<number>
  /** What was sent to a member, the first one first. */
  sentTo(order: string, taxCode: string): Promise<Sent[]>
}

/** On $3, a day: who was warned on the day before `LATEST` or earlier has let the days pass. */
const LATEST = `($3::date - ${WARNING_DAYS})`
const STAGE = `case when m.proposed_on is not null then 'proposed' when m.warned_on is null then 'to-warn'
  when m.warned_on < ${LATEST} then 'to-propose' else 'warned' end`
const NONE = 'm.slot = $1 and m.order_code = $2 and m.address is null and m.struck_off_on is null'

const KINDS = {
  warning: { column: 'warned_on', stage: 'to-warn' },
  proposal: { column: 'proposed_on', stage: 'to-propose' },
} as const

export interface MissingAddressesDeps {
  readonly database: Database
  readonly orders: Pick<Orders, 'get'>
  readonly now: () => number
}

export function createMissingAddresses({ database, orders, now }: MissingAddressesDeps): MissingAddresses {
  const { reader, transactor } = database

  return {
    async list(order, { after = null, limit, stage = null }) {
      await orders.get(order)
      const [surname = '', givenName = '', taxCode = ''] = after ?? []
      const rows = await reader.read<Omit<MemberWithoutAddress, 'lastDay'>>(
        `select ${MEMBER_COLUMNS}, m.without_since as since, m.warned_on as "warnedOn", m.proposed_on as "proposedOn", ${STAGE} as stage
         from member m where ${NONE} and ($4::text is null or ${STAGE} = $4)
           and (m.surname collate "C", m.given_name collate "C", m.tax_code) > ($5, $6, $7)
         order by m.surname collate "C", m.given_name collate "C", m.tax_code limit $8`,
        [slotOfOrder(order), order, dayOf(now()), stage, surname, givenName, taxCode, limit],
      )
      const members = rows.map((row) => ({ ...row, lastDay: row.warnedOn && addDays(row.warnedOn, WARNING_DAYS) }))
      const last = rows.length === limit ? rows.at(-1) : undefined
      return { members, next: last ? [last.surname, last.givenName, last.taxCode] : null }
    },

    async note(order, { kind, members, sentOn = dayOf(now()), note }, actor) {
      const role = roleOf(actor)
      if (role !== 'operator' && role !== 'order')
        throw clientError('not-yours', 'The order sends warnings: it or an operator notes them')
      await orders.get(order)
      if (!isDay(sentOn) || sentOn > dayOf(now())) throw clientError('bad-day', `"${sentOn}" is no day, or has not come yet`)
      if (note.trim() === '') throw clientError('no-reason', 'Say how it was sent, such as the number of the registered letter')
      const slot = slotOfOrder(order)
      const { column, stage } = KINDS[kind]
      const wanted = members === 'all' ? null : [...new Set(members)]
      return transactor.transact(slot, async (tx) => {
        const noted = await tx.query<{ taxCode: string }>(
          `update member m set ${column} = $3 where ${NONE} and ($4::text[] is null or m.tax_code = any ($4)) and ${STAGE} = '${stage}'
           returning m.tax_code as "taxCode"`,
          [slot, order, sentOn, wanted],
        )
        const known = new Set(noted.map(({ taxCode }) => taxCode))
        const other = wanted?.find((taxCode) => !known.has(taxCode))
        if (other !== undefined)
          throw clientError(
            'not-to-send',
            `${other} is not ${stage} on ${sentOn}: see "ceralacca roll without-address ${order}"; nothing is noted`,
          )
        if (noted.length === 0) return 0
        await tx.query(
          `insert into member_warning (slot, order_code, tax_code, at, kind, sent_on, note, noted_by)
           select $1, $2, tax_code, $3, $4, $5, $6, $7 from unnest($8::text[]) as all_of (tax_code)`,
          [slot, order, new Date(now()), kind, sentOn, note.trim(), actor.actor, [...known]],
        )
        const details = { kind, sentOn, note: note.trim(), members: noted.length }
        await writeAudit(tx, { ...actor, act: 'members-warned', object: `order:${order}`, details, at: now() })
        return noted.length
      })
    },

    sentTo: (order, taxCode) =>
      reader.read<Sent>(
        `select kind, sent_on as "sentOn", note, at, noted_by as "notedBy" from member_warning
         where slot = $1 and order_code = $2 and tax_code = $3 order by at`,
        [slotOfOrder(order), order, taxCode],
      ),
  }
}
