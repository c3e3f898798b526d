/** Cards by Stripe: its hosted page (Checkout), and its signed notifications (webhooks). The package is loaded when it is first needed. */
import { clientError, temporaryError } from '../../base/errors.ts'
import type { CardProcessor } from './card-payments.ts'
import type { Movement } from './payments.ts'

export interface StripeSettings {
  /** the secret key of the account */
  readonly apiKey: string
  /** of the notifications' endpoint */
  readonly webhookSecret: string
  /** where Stripe answers; default: its own address */
  readonly server?: { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number }
  readonly now: () => number
}

const HOUR_S = 3600
/** A page stays open between one and two hours: Stripe takes 30 minutes to 24 hours. */
const OPEN_HOURS = 2
const ANSWER_MS = 20_000

function readSigned<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw clientError('bad-signature', 'The notification is not signed by the payment processor, or is too old')
  }
}

export function createStripe({ apiKey, webhookSecret, server, now }: StripeSettings): CardProcessor {
  let loaded: ReturnType<typeof load> | undefined
  const load = async () => {
    const { default: Stripe } = await import('stripe')
    return new Stripe(apiKey, { ...server, maxNetworkRetries: 2, timeout: ANSWER_MS, telemetry: false })
  }
  const client = () => (loaded ??= load())

  return {
    async open({ reference, cents, description, returnTo }) {
      // All that is said hangs on the hour, for a repeated key must come with the same words.
      const hour = Math.floor(now() / 1000 / HOUR_S)
      const stripe = await client()
      try {
        const { url } = await stripe.checkout.sessions.create(
          {
            mode: 'payment',
            client_reference_id: reference,
            line_items: [
              { quantity: 1, price_data: { currency: 'eur', unit_amount: cents, product_data: { name: description } } },
            ],
            payment_intent_data: { description },
            success_url: returnTo,
            cancel_url: returnTo,
            locale: 'auto',
            expires_at: (hour + OPEN_HOURS) * HOUR_S,
          },
          { idempotencyKey: `checkout:${reference}:${hour}` },
        )
        if (url) return url
      } catch (cause) {
        throw temporaryError('card-unavailable', 'Payment by card does not answer: try again, or pay by bank transfer', cause)
      }
      throw clientError('paid-already', `${reference} was paid by card a moment ago`)
    },

    async read(body, signature) {
      const stripe = await client()
      const event = readSigned(() => stripe.webhooks.constructEvent(body, signature, webhookSecret))
      // The second: what is not certain at once, such as a debit.
      if (event.type !== 'checkout.session.completed' && event.type !== 'checkout.session.async_payment_succeeded') return null
      const {
        payment_status: status,
        payment_intent: intent,
        amount_total: cents,
        currency,
        client_reference_id: reference,
      } = event.data.object
      if (status !== 'paid' || cents === null) return null
      const id = typeof intent === 'string' ? intent : intent?.id
      return {
        id: `stripe:${id ?? event.data.object.id}`,
        // Another currency is never what was asked.
        cents: currency === 'eur' ? cents : 0,
        reference,
        note: `${cents} ${currency ?? ''}`,
      } satisfies Movement
    },
  }
}
