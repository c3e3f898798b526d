/**
 * Payment by card. Who knows a payment's reference, which stands in the mail to the payer and is hard to guess, may open its page: it shows what is
 * to pay and takes money, and tells nothing else. What was paid the processor tells, signed.
 */
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Api, ApiDeps } from './parts.ts'

/** A notification has a few thousand bytes. */
const MOST_BYTES = 262_144

/** The bytes as they came, for the signature covers them. */
const signedBody = z
  .custom<Buffer>((value) => Buffer.isBuffer(value), 'must be JSON')
  .meta({ type: 'object', description: 'an event of Stripe' })

/** Where the payer's browser goes from the page of the processor. */
const RETURN_PAGE = '/pagamento'

export function cardRoutes(api: Api, { desk: { cards }, web }: Pick<ApiDeps, 'desk' | 'web'>): void {
  api.post(
    '/payments/:reference/checkout',
    {
      schema: {
        operationId: 'openCheckout',
        summary: 'The page where an awaited payment is made by card; within the hour the same one',
        params: z.object({ reference: z.string().max(60) }),
        response: { 200: z.object({ url: z.string().describe('of the payment processor: send the browser there') }) },
      },
    },
    async ({ params: { reference } }) => ({ url: await cards.open(reference, `${web}${RETURN_PAGE}`) }),
  )

  api.register(async (signed) => {
    signed.removeAllContentTypeParsers()
    signed.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: MOST_BYTES },
      async (_request: unknown, body: Buffer) => body,
    )
    signed.withTypeProvider<ZodTypeProvider>().post(
      '/payments/stripe',
      {
        schema: {
          operationId: 'notifyStripe',
          summary: 'What Stripe tells of payments, signed; told again it changes nothing',
          headers: z.object({ 'stripe-signature': z.string().max(2000) }),
          body: signedBody,
          response: { 200: z.object({ received: z.literal(true) }) },
        },
      },
      async ({ body, headers }) => {
        await cards.notified(body, headers['stripe-signature'])
        return { received: true } as const
      },
    )
  })
}
