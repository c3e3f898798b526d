/** The contracts of an order's members, for the order and for operators. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { STOP_EVENTS } from '../../../registry/agreement/contracts.ts'
import { STATES } from '../../../registry/agreement/states.ts'
import type { ContractRow } from '../../../registry/agreement/subjects.ts'
import { cursorOf, pageById, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { contractSchema, listOf, orderParams, renewalSchema } from './schemas.ts'

const contractParams = orderParams.extend({ id: z.string() })

export function contractRoutes(api: Api, { desk: { contracts, orders } }: ApiDeps): void {
  /** @throws `no-such-contract` also for one of another order */
  async function ofOrder({ order, id }: z.infer<typeof contractParams>): Promise<ContractRow> {
    const row = await contracts.get(id)
    if (row.order !== order) throw clientError('no-such-contract', `There is no contract ${id} of ${order}`)
    return row
  }

  api.get(
    '/orders/:order/contracts',
    {
      schema: {
        operationId: 'listContracts',
        summary: 'Contracts, the oldest first',
        params: orderParams,
        querystring: pageQuery.extend({ state: z.enum(STATES.contract).optional() }),
        response: { 200: pageOf(contractSchema) },
      },
    },
    async ({ params, query }) => {
      const { code } = await orders.get(params.order)
      return pageById(query, (after, limit) => contracts.list(code, { state: query.state ?? null, after, limit }))
    },
  )

  api.get(
    '/orders/:order/expiries',
    {
      schema: {
        operationId: 'listExpiries',
        summary: 'Living contracts that expire until a day, the first to expire first',
        params: orderParams,
        querystring: pageQuery.extend({ until: z.iso.date() }),
        response: { 200: pageOf(contractSchema) },
      },
    },
    async ({ params, query: { until, cursor, limit } }) => {
      const { code } = await orders.get(params.order)
      const items = await contracts.expiries(code, { until, after: expiryPlace(cursor), limit })
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, next: last ? cursorOf([last.expiresOn, last.id]) : null }
    },
  )

  api.get(
    '/orders/:order/contracts/:id',
    {
      schema: {
        operationId: 'getContract',
        summary: 'A contract with its renewals',
        params: contractParams,
        response: { 200: contractSchema.extend({ renewals: listOf(renewalSchema) }) },
      },
    },
    async ({ params }) => {
      const row = await ofOrder(params)
      return { ...row, renewals: await contracts.renewalsOf(row) }
    },
  )

  api.post(
    '/orders/:order/contracts/:id/stop',
    {
      schema: {
        operationId: 'stopContract',
        summary: 'Stop the service: it neither sends nor receives, and ends 90 days later',
        params: contractParams,
        body: z.object({
          event: z.enum(STOP_EVENTS).describe('an order revokes, or tells of a death; the others are for operators'),
          reason: z.string().max(500).nullable().default(null),
        }),
        response: { 200: contractSchema },
      },
    },
    async ({ params, body: { event, reason }, actor }) => contracts.stop((await ofOrder(params)).id, event, reason, actor),
  )
}

const DAY_AND_ID = z.tuple([z.iso.date(), z.uuid()])

/** @throws `bad-cursor` */
function expiryPlace(cursor: string | undefined): string[] | null {
  const place = placeOf(cursor, 2)
  if (place !== null && !DAY_AND_ID.safeParse(place).success) throw clientError('bad-cursor', 'This cursor is of another list')
  return place
}
