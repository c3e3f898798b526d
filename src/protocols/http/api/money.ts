/** Payments and late renewals, for operators; a program may tell of money that has come. */
import { z } from 'zod'
import { readBankFile } from '../../../registry/agreement/bank-file.ts'
import { OUTCOMES } from '../../../registry/agreement/payments.ts'
import { STATES } from '../../../registry/agreement/states.ts'
import { cursorOf, pageById, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { idParams, listOf, orderParams, paymentSchema, reasonSchema, renewalSchema } from './schemas.ts'
import { fileSchema } from './uploads.ts'

const MOST_BYTES = 10_000_000

const movementSchema = z
  .object({
    id: z.string(),
    reference: z.string().nullable(),
    outcome: z.enum(OUTCOMES),
    repeated: z.boolean().describe('it was told before: nothing has changed now'),
  })
  .meta({ id: 'MovementReport' })

export function moneyRoutes(api: Api, { desk: { payments, contracts, orders } }: ApiDeps): void {
  api.get(
    '/orders/:order/payments',
    {
      schema: {
        operationId: 'listPayments',
        summary: 'Payments of an order, by reference',
        params: orderParams,
        querystring: pageQuery.extend({ state: paymentSchema.shape.state.optional() }),
        response: { 200: pageOf(paymentSchema) },
      },
    },
    async ({ params, query: { state = null, cursor, limit } }) => {
      const { code } = await orders.get(params.order)
      const [after = null] = placeOf(cursor, 1) ?? []
      const items = await payments.list(code, { state, after, limit })
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, next: last ? cursorOf([last.reference]) : null }
    },
  )

  api.post(
    '/payments/:reference/registration',
    {
      schema: {
        operationId: 'registerPayment',
        summary: 'Register a payment whose money was seen, all of it',
        params: z.object({ reference: z.string() }),
        body: z.object({ note: z.string().max(500).default('').describe('where it was seen') }),
        response: { 200: movementSchema },
      },
    },
    async ({ params: { reference }, body: { note }, actor }) => payments.register(reference, note, actor),
  )

  api.post(
    '/payments/bank-files',
    {
      config: { upload: MOST_BYTES },
      schema: {
        operationId: 'importBankFile',
        summary: "Import a bank's list of movements (CSV); what was imported before changes nothing",
        consumes: ['multipart/form-data'],
        body: z.object({ file: fileSchema }),
        response: {
          200: z.object({
            movements: listOf(movementSchema),
            rejected: listOf(z.object({ line: z.int(), why: z.string() })),
          }),
        },
      },
    },
    async ({ body: { file }, actor }) => {
      const { movements, rejected } = readBankFile(file)
      return { movements: await payments.importBank(movements, actor), rejected }
    },
  )

  api.get(
    '/renewals',
    {
      schema: {
        operationId: 'listRenewals',
        summary: 'Renewals of all orders, the oldest first; those that are late wait for a decision',
        querystring: pageQuery.extend({ state: z.enum(STATES.renewal).optional() }),
        response: { 200: pageOf(renewalSchema) },
      },
    },
    async ({ query }) =>
      pageById(query, (after, limit) => contracts.listRenewals(null, { state: query.state ?? null, after, limit })),
  )

  api.post(
    '/renewals/:id/decision',
    {
      schema: {
        operationId: 'decideLateRenewal',
        summary: 'Let a late renewal pass, or not; the reason is recorded',
        params: idParams,
        body: reasonSchema.extend({ accept: z.boolean() }),
        response: { 200: renewalSchema },
      },
    },
    async ({ params: { id }, body: { accept, reason }, actor }) => contracts.decideLate(id, accept, reason, actor),
  )
}
