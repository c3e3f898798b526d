/** Contracts and their renewals: what holders, orders and operators do to them. Times do the rest (timers.ts). */
import type { Actor } from '../../audit/audit.ts'
import { clientError, hasCode } from '../../base/errors.ts'
import { uuidv7 } from '../../base/ids.ts'
import type { Database } from '../../storage/database.ts'
import { holderActor, MACHINE, roleOf } from './actor.ts'
import { isInForce, type Agreement, type Agreements } from './agreements.ts'
import { addDays, dayOf } from './days.ts'
import { giveLinkBack, makeLink, slotOfToken, takeLink } from './links.ts'
import { openPayment, priceOf, type PaymentMethod } from './payments.ts'
import { concludeRenewal, isLate, isLiving, lapseRenewals, lastDayOf, stopContract } from './renewal-steps.ts'
import { objectOf, type Step, type Steps } from './steps.ts'
import { contractOf, expiries, find, list, type ContractRow, type RenewalRow } from './subjects.ts'
import { CONTENT_DAYS, RENEWAL_OPENS, SUSPENDED_DAYS } from './terms.ts'

export interface RenewalWanted {
  readonly years: number
  readonly method?: PaymentMethod
  /** it is known to be late: an operator shall decide */
  readonly late?: boolean
}

export interface RenewalAsked {
  readonly id: string
  readonly state: RenewalRow['state']
  /** what to pay, and what to write with it; null: nothing is to be paid now */
  readonly payment: { readonly reference: string; readonly cents: number } | null
  /** the last day on which the payment is in time; null: the mailbox is suspended, and every day is */
  readonly lastDay: string | null
}

/** What a holder is told before asking for a renewal. */
export interface RenewalOffer {
  readonly expiresOn: string
  /** the first day on which it can be asked for, and the last one in time; null: suspended, and each day is in time */
  readonly opensOn: string
  readonly lastDay: string | null
  /** `late`: an operator decides */
  readonly may: 'now' | 'early' | 'late' | 'over'
  readonly choices: readonly { readonly years: number; readonly cents: number }[]
  /** renewals so far, the first one first */
  readonly renewals: readonly RenewalRow[]
}

export interface Contracts {
  /** @throws `no-such-contract` */
  get(id: string): Promise<ContractRow>
  /** The contract of a certified address. @throws `no-such-contract` */
  of(address: string): Promise<ContractRow>
  /** The ordinary address of the holder of a certified one, which he has confirmed; null if there is no contract, or it is erased. */
  emailOf(address: string): Promise<string | null>
  list(order: string, page: { state: string | null; after: string | null; limit: number }): Promise<ContractRow[]>
  /** Living contracts of an order that expire until a day, the first one first. @param page.after day and id of the last one before */
  expiries(order: string, page: { until: string; after: readonly string[] | null; limit: number }): Promise<ContractRow[]>
  /** Renewals of an order, or of all (null). */
  listRenewals(order: string | null, page: { state: string | null; after: string | null; limit: number }): Promise<RenewalRow[]>
  /**
   * Asks for a renewal. What the order pays, and what is free, is concluded at once.
   * @throws `agreement-not-in-force`, `bad-years`, `contract-over`, `renewal-too-early`, `renewal-late` (says what can be done), `renewal-open`
   */
  renew(contract: string, wanted: RenewalWanted, actor: Actor): Promise<RenewalAsked>
  offer(contract: string): Promise<RenewalOffer>
  /** An operator lets a late renewal pass, or not, with the reason. @throws `wrong-state`, `not-yours`, `no-reason` */
  decideLate(renewal: string, accept: boolean, reason: string, actor: Actor): Promise<RenewalRow>
  cancelRenewal(renewal: string, actor: Actor): Promise<void>
  getRenewal(id: string): Promise<RenewalRow>
  renewalsOf(contract: ContractRow): Promise<RenewalRow[]>
  /** Stops the service: the mailbox neither sends nor receives, can be read for a while yet (but of who died), and ends. */
  stop(contract: string, event: StopEvent, reason: string | null, actor: Actor): Promise<ContractRow>
  /** A new link for setting the first password. @throws `wrong-state`, `mailbox-not-made` */
  activationLink(contract: string, actor: Actor): Promise<string>
  /** Sets the password with the link. Answers the address. @throws `bad-link`, `link-used`, `link-expired`, `wrong-state`, `weak-password` */
  activate(token: string, password: string): Promise<string>
}

export const STOP_EVENTS = ['revoke', 'withdraw', 'transfer', 'die'] as const
type StopEvent = (typeof STOP_EVENTS)[number]

/** Ends the service of what is locked: its days from now on are told, and counted by timers. */
export async function stopService(
  step: Step,
  row: ContractRow,
  event: StopEvent,
  reason: string | null,
  actor: Actor,
): Promise<void> {
  // Who was suspended, or had stopped before, keeps the days that were told.
  const endsOn = addDays(step.today, SUSPENDED_DAYS)
  const deleteOn = row.deleteOn ?? addDays(endsOn, CONTENT_DAYS)
  await step.move(row, event, actor, { reason, tell: { endsOn: addDays(deleteOn, -CONTENT_DAYS), deleteOn } })
  await step.tx.query('update contract set cause = $3, delete_on = $4 where slot = $1 and id = $2', [
    step.slot,
    row.id,
    event,
    deleteOn,
  ])
  await stopContract(step, row.id)
  await step.timer(row.id, 'end', addDays(deleteOn, -CONTENT_DAYS))
  await lapseRenewals(step, row.id, MACHINE)
}

export interface ContractsDeps {
  readonly database: Database
  readonly steps: Steps
  readonly agreements: Pick<Agreements, 'get'>
  /** sets the password of an address. @throws `weak-password`, `no-such-mailbox` */
  readonly setPassword: (address: string, password: string) => Promise<void>
  readonly workNow: (slot: number, subject: string) => Promise<void>
  readonly now: () => number
}

export function createContracts({
  database: { reader },
  steps,
  agreements,
  setPassword,
  workNow,
  now,
}: ContractsDeps): Contracts {
  const get = (id: string): Promise<ContractRow> => find(reader, 'contract', id)

  async function renewalsOf({ slot, id }: ContractRow): Promise<RenewalRow[]> {
    const rows = await reader.read<{ id: string }>('select id from renewal where slot = $1 and contract = $2 order by id', [
      slot,
      id,
    ])
    return Promise.all(rows.map((row) => find(reader, 'renewal', row.id)))
  }

  return {
    get,
    of: (address) => contractOf(reader, address),

    async emailOf(address) {
      try {
        return (await contractOf(reader, address)).email || null
      } catch (thrown) {
        if (hasCode(thrown, 'no-such-contract')) return null
        throw thrown
      }
    },

    list: (order, page) => list(reader, 'contract', order, page),
    expiries: (order, page) => expiries(reader, order, page),
    listRenewals: (order, page) => list(reader, 'renewal', order, page),
    getRenewal: (id) => find(reader, 'renewal', id),

    async renew(id, wanted, actor) {
      const { slot, agreement: code } = await get(id)
      const agreement = await agreements.get(code)
      const asked = await steps(slot, (step) => askRenewal(step, id, agreement, wanted, actor))
      await workNow(slot, id)
      return asked
    },

    async decideLate(id, accept, reason, actor) {
      const { slot, contract } = await find(reader, 'renewal', id)
      const why = reason.trim()
      if (why === '') throw clientError('no-reason', 'Say why: the decision is recorded')
      await steps(slot, async (step) => {
        const row = await step.lock('renewal', id)
        const { tx } = step
        if (!accept) {
          await step.move(row, 'refuse-late', actor, { reason: why })
          await tx.query(`update payment set state = 'cancelled' where slot = $1 and subject = $2 and state = 'awaited'`, [
            slot,
            id,
          ])
          return
        }
        const [payment] = await tx.query<{ reference: string; cents: number; state: string }>(
          `select reference, cents, state from payment where slot = $1 and subject = $2 and state <> 'cancelled'`,
          [slot, id],
        )
        if (payment?.state === 'registered') await concludeRenewal(step, row, 'accept-late-paid', actor, why)
        else
          await step.move(row, 'accept-late', actor, {
            reason: why,
            tell: { reference: payment?.reference ?? null, cents: payment?.cents ?? 0 },
          })
        await tx.query('update renewal set late_accepted = true where slot = $1 and id = $2', [slot, id])
      })
      await workNow(slot, contract)
      return find(reader, 'renewal', id)
    },

    async cancelRenewal(id, actor) {
      const { slot } = await find(reader, 'renewal', id)
      await steps(slot, async (step) => {
        await step.move(await step.lock('renewal', id), 'cancel', actor)
        await step.tx.query(`update payment set state = 'cancelled' where slot = $1 and subject = $2 and state = 'awaited'`, [
          slot,
          id,
        ])
      })
    },

    renewalsOf,

    async offer(id) {
      const row = await get(id)
      const { state, expiresOn } = row
      const agreement = await agreements.get(row.agreement)
      const [today, opensOn] = [dayOf(now()), addDays(expiresOn, -RENEWAL_OPENS)]
      const over = !isLiving(state) || !isInForce(agreement, today)
      return {
        expiresOn,
        opensOn,
        lastDay: state === 'suspended' ? null : lastDayOf(expiresOn),
        may: over ? 'over' : today < opensOn ? 'early' : isLate(state, expiresOn, today) ? 'late' : 'now',
        choices: agreement.durations.map((years) => ({
          years,
          cents: agreement.payer === 'order' ? 0 : priceOf(agreement, years),
        })),
        renewals: await renewalsOf(row),
      }
    },

    async stop(id, event, reason, actor) {
      const { slot } = await get(id)
      await steps(slot, async (step) => stopService(step, await step.lock('contract', id), event, reason, actor))
      await workNow(slot, id)
      return get(id)
    },

    async activationLink(id, actor) {
      const { slot } = await get(id)
      return steps(slot, async (step) => {
        const row = await step.lock('contract', id)
        if (row.state !== 'active' && row.state !== 'expiring')
          throw clientError('wrong-state', `The contract is ${row.state}: no password is set by a link`)
        const [making] = await step.tx.query(
          `select from agreement_timer where slot = $1 and subject = $2 and kind = 'make-mailbox'`,
          [slot, id],
        )
        if (making) throw clientError('mailbox-not-made', 'The mailbox is being made: ask again in a moment')
        step.record({
          ...actor,
          act: 'link-made',
          object: objectOf(row),
          holders: [row.address],
          details: { purpose: 'activate' },
        })
        return makeLink(step, 'activate', id)
      })
    },

    async activate(token, password) {
      const slot = slotOfToken(token)
      const address = await steps(slot, async (step) => {
        const row = await step.lock('contract', await takeLink(step, 'activate', token))
        if (row.state !== 'active' && row.state !== 'expiring')
          throw clientError('wrong-state', `The contract is ${row.state}: no password is set by a link`)
        step.record({
          ...holderActor(row.address),
          act: 'password-set',
          object: `mailbox:${row.address}`,
          holders: [row.address],
          details: { by: 'link' },
        })
        return row.address
      })
      try {
        await setPassword(address, password)
      } catch (error) {
        await steps(slot, (step) => giveLinkBack(step, token))
        throw error
      }
      return address
    },
  }
}

async function askRenewal(
  step: Step,
  contract: string,
  agreement: Agreement,
  { years, method = 'bank-transfer', late = false }: RenewalWanted,
  actor: Actor,
): Promise<RenewalAsked> {
  const { tx, slot, at, today } = step
  const row = await step.lock('contract', contract)
  const { state, expiresOn } = row
  const role = roleOf(actor)
  if (role === null || role === 'order') throw clientError('not-yours', 'The holder or an operator asks for a renewal')
  if (!isInForce(agreement, today))
    throw clientError('agreement-not-in-force', `The agreement ${agreement.code} is not in force any more`)
  if (state !== 'active' && state !== 'expiring' && state !== 'suspended')
    throw clientError('contract-over', `The mailbox ${row.address} is ${state}: it cannot be renewed`)
  if (!agreement.durations.includes(years))
    throw clientError('bad-years', `The agreement allows ${agreement.durations.join(', ')} years, not ${years}`)
  const opensOn = addDays(expiresOn, -RENEWAL_OPENS)
  if (today < opensOn)
    throw clientError('renewal-too-early', `The mailbox expires on ${expiresOn}: it can be renewed from ${opensOn} on`)
  const isTooLate = isLate(state, expiresOn, today)
  const lastDay = lastDayOf(expiresOn)
  if (isTooLate && !late)
    throw clientError(
      'renewal-late',
      `The mailbox expires on ${expiresOn}, and a renewal had to be paid by ${lastDay}. Ask for a late renewal, which an operator decides on; or wait: within ${SUSPENDED_DAYS} days after the expiry the suspended mailbox can be renewed`,
    )
  const id = uuidv7(at.getTime())
  const first = isTooLate ? 'late-pending' : 'awaiting-payment'
  const made = await tx.query(
    `insert into renewal (slot, id, contract, state, state_at, years, expires_on, late_accepted, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, false, $5) on conflict do nothing returning id`,
    [slot, id, contract, first, at, years, expiresOn],
  )
  if (made.length === 0) throw clientError('renewal-open', 'There is a renewal of this mailbox already that is not concluded')
  step.record({
    ...actor,
    act: 'state-changed',
    object: `renewal:${id}`,
    holders: [row.address],
    details: { event: 'ask', from: null, to: first, reason: null },
  })
  const { reference, cents, paid } = await openPayment(step, 'renewal', id, agreement, { years, method })
  const renewal = await step.lock('renewal', id)
  if (paid && !isTooLate) {
    await concludeRenewal(step, renewal, 'pay', MACHINE)
    return { id, state: 'concluded', payment: null, lastDay: null }
  }
  if (isTooLate) await step.tell(renewal, 'renewal-late', 'holder', { expiresOn, lastDay })
  else
    await step.tell(renewal, 'payment-awaited', 'holder', { reference, cents, lastDay: state === 'suspended' ? null : lastDay })
  return {
    id,
    state: first,
    payment: paid ? null : { reference, cents },
    lastDay: isTooLate || state === 'suspended' ? null : lastDay,
  }
}
