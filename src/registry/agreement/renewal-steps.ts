/** What steps do to contracts and renewals: their timers, and what a payment brings about. */
import type { Actor } from '../../audit/audit.ts'
import { addDays, addYears } from './days.ts'
import type { Step, TimerKind } from './steps.ts'
import type { ContractRow, RenewalRow } from './subjects.ts'
import { AUTOMATIC, LAST_DAY, REMINDERS, RENEWAL_OPENS } from './terms.ts'

const BEFORE_EXPIRY: readonly (readonly [kind: TimerKind, days: number])[] = [
  ['open-renewal', -RENEWAL_OPENS],
  ...REMINDERS.map((days) => [`remind-${days}`, -days] as const),
  ['auto-renew', -AUTOMATIC],
  // The last day counts whole.
  ['expire', 1],
]

/** Sets all timers by the expiry of a contract. */
export async function scheduleContract(step: Step, contract: string, expiresOn: string): Promise<void> {
  await step.stop(contract, ['end', 'delete-content'])
  for (const [kind, days] of BEFORE_EXPIRY) await step.timer(contract, kind, addDays(expiresOn, days))
}

export const stopContract = (step: Step, contract: string): Promise<void> =>
  step.stop(
    contract,
    BEFORE_EXPIRY.map(([kind]) => kind),
  )

/** The last day on which a payment renews in time. */
export const lastDayOf = (expiresOn: string): string => addDays(expiresOn, -LAST_DAY)

/** Whether only an operator's decision lets a renewal pass: between the last day and the expiry. Who is suspended may come back. */
export const isLate = (state: ContractRow['state'], expiresOn: string, today: string): boolean =>
  state !== 'suspended' && today > lastDayOf(expiresOn)

export const isLiving = (state: ContractRow['state']): boolean =>
  state === 'active' || state === 'expiring' || state === 'suspended'

/** Adds the years to the present expiry, whenever it was. */
export async function concludeRenewal(
  step: Step,
  renewal: RenewalRow,
  event: 'pay' | 'accept-late-paid',
  actor: Actor,
  reason: string | null = null,
) {
  const expiresOn = addYears(renewal.contractExpiresOn, renewal.years)
  const contract = await step.lock('contract', renewal.contract)
  await step.move(renewal, event, actor, { reason })
  await step.move(contract, 'renew', actor, { tell: { years: renewal.years, expiresOn } })
  await step.tx.query('update contract set expires_on = $3, delete_on = null where slot = $1 and id = $2', [
    step.slot,
    contract.id,
    expiresOn,
  ])
  await scheduleContract(step, contract.id, expiresOn)
}

/** The money for a renewal is here. Answers whether it could still be used. */
export async function renewalPaid(step: Step, id: string, actor: Actor): Promise<'registered' | 'too-late'> {
  const renewal = await step.lock('renewal', id)
  if (!isLiving(renewal.contractState)) return 'too-late'
  // It waits for the operator's decision, which finds the payment.
  if (renewal.state === 'late-pending') return 'registered'
  if (renewal.state !== 'awaiting-payment') return 'too-late'
  if (isLate(renewal.contractState, renewal.contractExpiresOn, step.today) && !renewal.lateAccepted)
    await step.move(renewal, 'pay-late', actor, {
      tell: { expiresOn: renewal.contractExpiresOn, lastDay: lastDayOf(renewal.contractExpiresOn) },
    })
  else await concludeRenewal(step, renewal, 'pay', actor)
  return 'registered'
}

/** What renewals of a contract are open end with it. */
export async function lapseRenewals(step: Step, contract: string, actor: Actor): Promise<void> {
  const open = await step.tx.query<{ id: string }>(
    `select id from renewal where slot = $1 and contract = $2 and state in ('awaiting-payment', 'late-pending')`,
    [step.slot, contract],
  )
  for (const { id } of open) {
    await step.move(await step.lock('renewal', id), 'lapse', actor)
    await step.tx.query(`update payment set state = 'cancelled' where slot = $1 and subject = $2 and state = 'awaited'`, [
      step.slot,
      id,
    ])
  }
}
