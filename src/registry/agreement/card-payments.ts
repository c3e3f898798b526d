/**
 * Payment by card: whoever processes cards shows the payer a page of his own, and tells us by signed notifications what was paid. No number of
 * a card ever comes here. A processor is an interface; stripe.ts is one.
 */
import { clientError } from '../../base/errors.ts'
import { MACHINE } from './actor.ts'
import type { Movement, MovementReport, Payments } from './payments.ts'

export interface Checkout {
  readonly reference: string
  readonly cents: number
  /** what the payer reads on the processor's page */
  readonly description: string
  /** where his browser goes afterwards; that it comes there proves nothing */
  readonly returnTo: string
}

export interface CardProcessor {
  /**
   * Opens a page where the payment can be made, and answers its address. Asked again within the hour it is the same page, so a double click pays once.
   * @throws `card-unavailable` (temporary)
   */
  open(checkout: Checkout): Promise<string>
  /**
   * What a notification tells: money that has come, or null for anything else.
   * @param body as it came, byte for byte, for the signature covers it
   * @throws `bad-signature`, also for one that is older than some minutes
   */
  read(body: Buffer, signature: string): Promise<Movement | null>
}

export interface CardPayments {
  /** whether the provider takes cards */
  readonly taken: boolean
  /**
   * The page where an awaited payment is made.
   * @throws `no-such-payment`, `paid-already`, `payment-over`, `no-card-payments`, `card-unavailable`
   */
  open(reference: string, returnTo: string): Promise<string>
  /** Registers what the processor tells; told again it changes nothing. @throws `bad-signature`, `no-card-payments` */
  notified(body: Buffer, signature: string): Promise<MovementReport | null>
}

/** @param processor undefined: the provider takes no cards */
export function createCardPayments(
  payments: Pick<Payments, 'get' | 'receive'>,
  processor: CardProcessor | undefined,
): CardPayments {
  function present(): CardProcessor {
    if (processor) return processor
    throw clientError('no-card-payments', 'Cards are not taken here: pay by bank transfer, with the reference in its note')
  }

  return {
    taken: processor !== undefined,

    async open(text, returnTo) {
      const { open } = present()
      const { reference, cents, state, subjectKind } = await payments.get(text)
      if (state === 'registered') throw clientError('paid-already', `${reference} is paid: nothing is left to do`)
      if (state === 'cancelled')
        throw clientError('payment-over', `${reference} is not awaited any more: ask anew for what it was for`)
      const what = subjectKind === 'request' ? 'Casella PEC' : 'Rinnovo casella PEC'
      return open({ reference, cents, description: `${what} ${reference}`, returnTo })
    },

    async notified(body, signature) {
      const { read } = present()
      const movement = await read(body, signature)
      return movement && payments.receive(movement, MACHINE)
    },
  }
}
