/** What everybody may see of an agreement: who types its code learns the terms, and, by his data on the roll, the addresses that there are. */
import { z } from 'zod'
import { PAYERS } from '../../../registry/agreement/agreements.ts'
import type { Api, ApiDeps } from './parts.ts'
import { listOf, paymentMethod, personSchema } from './schemas.ts'

const publicAgreement = z
  .object({
    code: z.string(),
    orderName: z.string(),
    domain: z.string().describe('of the addresses'),
    payer: z.enum(PAYERS),
    centsPerYear: z.int(),
    durations: listOf(z.int()).describe('years that a member may take'),
    methods: listOf(paymentMethod).describe('how a member may pay'),
    termsVersion: z.string().describe('the version of the terms that a member accepts now'),
  })
  .meta({ id: 'PublicAgreement' })

const codeParams = z.object({ code: z.string() })

export function agreementRoutes(api: Api, { desk }: ApiDeps): void {
  const { agreements, orders, requests, cards } = desk
  const methods = paymentMethod.options.filter((method) => method !== 'card' || cards.taken)

  api.get(
    '/agreements/:code',
    {
      schema: {
        operationId: 'getAgreement',
        summary: 'The agreement with a code, if it is in force',
        params: codeParams,
        response: { 200: publicAgreement },
      },
    },
    async ({ params }) => {
      const agreement = await agreements.inForce(params.code)
      return { ...agreement, methods, orderName: (await orders.get(agreement.order)).name }
    },
  )

  api.post(
    '/agreements/:code/check',
    {
      schema: {
        operationId: 'checkMember',
        summary: 'Whether somebody is on the roll, and which addresses there are',
        params: codeParams,
        body: personSchema,
        response: { 200: z.object({ proposals: listOf(z.object({ address: z.string(), free: z.boolean() })) }) },
      },
    },
    async ({ params, body }) => requests.check({ ...params, ...body }),
  )
}
