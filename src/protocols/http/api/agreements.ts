/** The agreement that a member types the code of. */
import { z } from 'zod'
import { PAYERS } from '../../../registry/agreement/agreements.ts'
import type { Api, ApiDeps } from './parts.ts'
import { listOf } from './schemas.ts'

const agreementSchema = z
  .object({
    code: z.string(),
    orderName: z.string(),
    domain: z.string().describe('of the addresses'),
    payer: z.enum(PAYERS),
    centsPerYear: z.int(),
    durations: listOf(z.int()).describe('years that a member may take'),
    termsVersion: z.string().describe('the version of the terms that a member accepts now'),
  })
  .meta({ id: 'PublicAgreement' })

export function agreementRoutes(api: Api, { desk }: Pick<ApiDeps, 'desk'>): void {
  api.get(
    '/agreements/:code',
    {
      schema: {
        operationId: 'getAgreement',
        summary: 'The agreement with a code, if it is in force',
        params: z.object({ code: z.string() }),
        response: { 200: agreementSchema },
      },
    },
    async ({ params }) => {
      const agreement = await desk.agreements.inForce(params.code)
      return { ...agreement, orderName: (await desk.orders.get(agreement.order)).name }
    },
  )
}
