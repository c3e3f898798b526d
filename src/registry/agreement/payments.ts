/**
 * Payments: what is awaited for requests and renewals, and what comes in. Whoever receives money (an operator with the bank's list, a
 * card processor) tells of a movement; a movement that was told once changes nothing when it is told again.
 */
import { createHash } from 'node:crypto'
import type { Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import { slotOf } from '../../base/ids.ts'
import type { Database } from '../../storage/database.ts'
import type { Agreement } from './agreements.ts'
import type { BankMovement } from './bank-file.ts'
import { slotOfOrder } from './orders.ts'
import { findReference, newReference, slotOfReference } from './payment-reference.ts'
import { renewalPaid } from './renewal-steps.ts'
import { requestPaid } from './request-steps.ts'
import type { Step, Steps } from './steps.ts'

export const METHODS = ['order', 'bank-transfer', 'card'] as const
export type PaymentMethod = (typeof METHODS)[number]

/** Money that has come, as whoever received it tells. */
export interface Movement {
  /** his name for it, which he never gives to another: it makes the movement known again */
  readonly id: string
  readonly cents: number
  /** whose payment it is; null: nobody knows */
  readonly reference: string | null
  readonly note: string
}

/**
 * What becomes of a movement. `wrong-amount`: less or more money came, and the payment stays awaited; `too-late`: what it was for is over, and
 * the money is to be given back; `unknown`: no payment has this reference.
 */
export const OUTCOMES = ['registered', 'wrong-amount', 'paid-already', 'too-late', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface MovementReport {
  readonly id: string
  readonly reference: string | null
  readonly outcome: Outcome
  /** it was told before: nothing has changed now */
  readonly repeated: boolean
}

export interface Payment {
  readonly reference: string
  readonly subjectKind: 'renewal' | 'request'
  readonly subject: string
  readonly method: PaymentMethod
  readonly cents: number
  readonly state: 'awaited' | 'cancelled' | 'registered'
  readonly createdAt: Date
  readonly registeredAt: Date | null
  readonly registeredAs: string | null
}

export interface Payments {
  /** Registers money that came in. */
  receive(movement: Movement, actor: Actor): Promise<MovementReport>
  /** An operator saw the money of a payment, all of it. @throws `no-such-payment` */
  register(reference: string, note: string, actor: Actor): Promise<MovementReport>
  /** The movements of a bank's list, each by itself: what is cut short is continued by importing the list again. */
  importBank(movements: readonly BankMovement[], actor: Actor): Promise<MovementReport[]>
  /** @throws `no-such-payment` */
  get(reference: string): Promise<Payment>
  of(slot: number, subject: string): Promise<Payment[]>
  /** Of an order, by reference. */
  list(order: string, page: { state: string | null; after: string | null; limit: number }): Promise<Payment[]>
}

const COLUMNS = `reference, subject_kind as "subjectKind", subject, method, cents, state, created_at as "createdAt",
  registered_at as "registeredAt", registered_as as "registeredAs"`

export const priceOf = ({ centsPerYear }: Agreement, years: number): number => centsPerYear * years

/** Whether nothing is to be asked of the member. */
export const isPaidByOrder = (agreement: Agreement, years: number): boolean =>
  agreement.payer === 'order' || priceOf(agreement, years) === 0

/** A payment for what is locked: one that is there already stays. What the order pays is registered at once. Answers its reference. */
export async function openPayment(
  { tx, slot, at }: Step,
  kind: Payment['subjectKind'],
  subject: string,
  agreement: Agreement,
  { years, method = 'bank-transfer' }: { years: number; method?: PaymentMethod },
): Promise<{ reference: string; cents: number; paid: boolean }> {
  const [known] = await tx.query<Payment>(
    `select ${COLUMNS} from payment where slot = $1 and subject = $2 and state <> 'cancelled' order by created_at limit 1`,
    [slot, subject],
  )
  if (known) return { reference: known.reference, cents: known.cents, paid: known.state === 'registered' }
  const paid = isPaidByOrder(agreement, years)
  const [reference, cents] = [newReference(slot), priceOf(agreement, years)]
  await tx.query(
    `insert into payment (slot, reference, subject_kind, subject, method, cents, state, created_at, registered_at, registered_as)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      slot,
      reference,
      kind,
      subject,
      paid ? 'order' : method,
      cents,
      paid ? 'registered' : 'awaited',
      at,
      paid ? at : null,
      paid ? `agreement ${agreement.code}` : null,
    ],
  )
  return { reference, cents, paid }
}

export interface PaymentsDeps {
  readonly database: Database
  readonly steps: Steps
  /** told after a step that left work which is due: of the contract that is renewed */
  readonly workNow: (slot: number, subject: string) => Promise<void>
}

export function createPayments({ database: { reader }, steps, workNow }: PaymentsDeps): Payments {
  async function apply(step: Step, { id, cents, reference }: Movement, actor: Actor): Promise<Outcome> {
    const { tx, slot, at } = step
    const [payment] = await tx.query<Payment>(`select ${COLUMNS} from payment where slot = $1 and reference = $2`, [
      slot,
      reference,
    ])
    if (!payment) return 'unknown'
    // What is paid for is locked first, as everywhere; then the payment is looked at.
    await step.lock(payment.subjectKind, payment.subject)
    const [locked] = await tx.query<Payment>(`select ${COLUMNS} from payment where slot = $1 and reference = $2 for update`, [
      slot,
      reference,
    ])
    if (locked?.state === 'registered') return 'paid-already'
    if (locked?.state !== 'awaited') return 'too-late'
    if (locked.cents !== cents) return 'wrong-amount'
    const outcome = await (payment.subjectKind === 'request' ? requestPaid : renewalPaid)(step, payment.subject, actor)
    await tx.query(`update payment set state = $3, registered_at = $4, registered_as = $5 where slot = $1 and reference = $2`, [
      slot,
      reference,
      outcome === 'registered' ? 'registered' : 'cancelled',
      outcome === 'registered' ? at : null,
      id,
    ])
    return outcome
  }

  async function receive(movement: Movement, actor: Actor): Promise<MovementReport> {
    const { id, cents, reference, note } = movement
    const slot = (reference === null ? undefined : slotOfReference(reference)) ?? slotOf(`movement ${id}`)
    const report = await steps(slot, async (step): Promise<MovementReport> => {
      const { tx, at } = step
      const fresh = await tx.query(
        `insert into money_movement (slot, id, cents, reference, note, outcome, at) values ($1, $2, $3, $4, $5, 'unknown', $6)
         on conflict (slot, id) do nothing returning id`,
        [slot, id, cents, reference, note, at],
      )
      if (fresh.length === 0) {
        const [known] = await tx.query<{ outcome: Outcome }>('select outcome from money_movement where slot = $1 and id = $2', [
          slot,
          id,
        ])
        return { id, reference, outcome: known?.outcome ?? 'unknown', repeated: true }
      }
      const outcome = await apply(step, movement, actor)
      await tx.query('update money_movement set outcome = $3 where slot = $1 and id = $2', [slot, id, outcome])
      step.record({
        ...actor,
        act: 'payment-told',
        object: `payment:${reference ?? '-'}`,
        details: { movement: id, cents, outcome },
      })
      return { id, reference, outcome, repeated: false }
    })
    if (report.outcome === 'registered') await followUp(slot, reference)
    return report
  }

  /** A mailbox that was suspended is back at once. */
  async function followUp(slot: number, reference: string | null): Promise<void> {
    const [row] = await reader.read<{ contract: string }>(
      `select r.contract from payment p join renewal r on r.slot = p.slot and r.id = p.subject where p.slot = $1 and p.reference = $2`,
      [slot, reference],
    )
    if (row) await workNow(slot, row.contract)
  }

  async function get(text: string): Promise<Payment> {
    const reference = findReference(text)
    const slot = reference === undefined ? undefined : slotOfReference(reference)
    const [row] =
      slot === undefined
        ? []
        : await reader.read<Payment>(`select ${COLUMNS} from payment where slot = $1 and reference = $2`, [slot, reference])
    if (!row) throw clientError('no-such-payment', `No payment has the reference ${text}`)
    return row
  }

  return {
    receive,
    get,

    async register(text, note, actor) {
      const { reference, cents } = await get(text)
      return receive({ id: `operator:${reference}`, cents, reference, note }, actor)
    },

    async importBank(movements, actor) {
      const reports: MovementReport[] = []
      for (const { day, cents, note, bankId } of movements) {
        const own = bankId ?? createHash('sha256').update(`${day}|${cents}|${note}`).digest('hex').slice(0, 32)
        reports.push(await receive({ id: `bank:${own}`, cents, reference: findReference(note) ?? null, note }, actor))
      }
      return reports
    },

    list: (order, { state, after, limit }) =>
      reader.read<Payment>(
        `select ${COLUMNS} from payment p
         where slot = $1 and ($3::text is null or state = $3) and reference > $4 and $2 = coalesce(
           (select order_code from request where slot = p.slot and id = p.subject),
           (select c.order_code from renewal r join contract c on c.slot = r.slot and c.id = r.contract
            where r.slot = p.slot and r.id = p.subject))
         order by reference limit $5`,
        [slotOfOrder(order), order, state, after ?? '', limit],
      ),

    of: (slot, subject) =>
      reader.read<Payment>(`select ${COLUMNS} from payment where slot = $1 and subject = $2 order by created_at`, [
        slot,
        subject,
      ]),
  }
}
