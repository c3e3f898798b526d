/** What steps do to requests: their end when nobody goes on, and what a payment brings about. */
import type { Actor } from '../../audit/audit.ts'
import { addDays } from './days.ts'
import type { State } from './states.ts'
import type { Step } from './steps.ts'
import { PAYMENT_DAYS, REQUEST_DAYS } from './terms.ts'

/** A request ends by itself when it stays in a state that is not ours to go on from. */
export async function scheduleRequest(step: Step, id: string, state: State): Promise<void> {
  if (state === 'requested' || state === 'identity-pending')
    await step.timer(id, 'abandon', addDays(step.today, REQUEST_DAYS + 1))
  else if (state === 'payment-pending') await step.timer(id, 'abandon', addDays(step.today, PAYMENT_DAYS + 1))
  else await step.stop(id, ['abandon'])
}

/** The money for a request is here. Answers whether it could still be used. */
export async function requestPaid(step: Step, id: string, actor: Actor): Promise<'registered' | 'too-late'> {
  const request = await step.lock('request', id)
  // A better document is awaited: it finds the payment.
  if (request.state === 'identity-pending') return 'registered'
  if (request.state !== 'payment-pending') return 'too-late'
  await scheduleRequest(step, id, await step.move(request, 'pay', actor))
  return 'registered'
}

/** What is still to be paid for a request that is over is not awaited any more. */
export const cancelPayments = (step: Step, subject: string): Promise<unknown> =>
  step.tx.query(`update payment set state = 'cancelled' where slot = $1 and subject = $2 and state = 'awaited'`, [
    step.slot,
    subject,
  ])
