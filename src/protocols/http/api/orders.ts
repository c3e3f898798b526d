/** Orders and their agreements, for operators; an order sees its own agreements. */
import { z } from 'zod'
import { PAYERS } from '../../../registry/agreement/agreements.ts'
import type { Api, ApiDeps } from './parts.ts'
import { given, listOf, orderParams } from './schemas.ts'

const orderSchema = z
  .object({ code: z.string().max(60), name: z.string().min(1).max(200), email: z.string().max(320).nullable() })
  .meta({ id: 'Order' })

const termsSchema = z.object({
  validFrom: z.string(),
  validUntil: z.string().nullable(),
  payer: z.enum(PAYERS),
  centsPerYear: z.int(),
  durations: z.array(z.int()),
  addressRule: z.string().max(100).describe('such as name.surname'),
  quota: z.int().nullable().describe('bytes of a mailbox; null: as the installation does'),
  termsVersion: z.string().max(40),
})

const agreementSchema = termsSchema
  .extend({ code: z.string(), order: z.string(), domain: z.string(), durations: listOf(z.int()) })
  .meta({ id: 'Agreement' })

export function orderRoutes(api: Api, { desk: { orders, agreements } }: ApiDeps): void {
  api.get(
    '/orders',
    { schema: { operationId: 'listOrders', summary: 'All orders', response: { 200: z.object({ items: listOf(orderSchema) }) } } },
    async () => ({ items: await orders.list() }),
  )

  api.post(
    '/orders',
    { schema: { operationId: 'addOrder', summary: 'Record an order', body: orderSchema, response: { 201: orderSchema } } },
    async ({ body, actor }, answer) => {
      await orders.add(body, actor)
      return answer.code(201).send(await orders.get(body.code))
    },
  )

  api.get(
    '/orders/:order/agreements',
    {
      schema: {
        operationId: 'listAgreements',
        summary: 'The agreements with an order',
        params: orderParams,
        response: { 200: z.object({ items: listOf(agreementSchema) }) },
      },
    },
    async ({ params }) => {
      const { code } = await orders.get(params.order)
      return { items: (await agreements.list()).filter(({ order }) => order === code) }
    },
  )

  api.post(
    '/orders/:order/agreements',
    {
      schema: {
        operationId: 'addAgreement',
        summary: 'Record an agreement with an order',
        params: orderParams,
        body: termsSchema.partial().extend({ code: z.string().max(60), domain: z.string().max(255) }),
        response: { 201: agreementSchema },
      },
    },
    async ({ params: { order }, body: { code, domain, ...terms }, actor }, answer) => {
      await agreements.add({ code, domain, order, ...given(terms) }, actor)
      return answer.code(201).send(await agreements.get(code))
    },
  )

  api.patch(
    '/agreements/:code',
    {
      schema: {
        operationId: 'changeAgreement',
        summary: 'Change the terms for what is asked from now on',
        params: z.object({ code: z.string() }),
        body: termsSchema.partial(),
        response: { 200: agreementSchema },
      },
    },
    async ({ params: { code }, body, actor }) => {
      await agreements.set(code, given(body), actor)
      return agreements.get(code)
    },
  )
}
