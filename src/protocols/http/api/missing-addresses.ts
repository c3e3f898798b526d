/** Members without a certified address, for the order that must warn them; it notes here what it has sent. */
import { z } from 'zod'
import { STAGES } from '../../../registry/agreement/missing-addresses.ts'
import { readTaxCode } from '../../../registry/people/tax-code.ts'
import { cursorOf, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { given, listOf, memberParams, memberSchema, orderParams } from './schemas.ts'

const missingSchema = z
  .object({
    ...memberSchema.shape,
    since: z.date(),
    stage: z.enum(STAGES),
    warnedOn: z.string().nullable(),
    lastDay: z.string().nullable().describe('of the days that the warning gives; null: none was sent'),
    proposedOn: z.string().nullable(),
  })
  .meta({ id: 'MemberWithoutAddress' })

const kindSchema = z.enum(['warning', 'proposal']).describe('proposal: to suspend who has let the days of a warning pass')

const sentSchema = z
  .object({ kind: kindSchema, sentOn: z.string(), note: z.string(), at: z.date(), notedBy: z.string() })
  .meta({ id: 'SentWarning' })

export function missingAddressRoutes(api: Api, { desk: { missingAddresses, orders } }: Pick<ApiDeps, 'desk'>): void {
  api.get(
    '/orders/:order/members-without-address',
    {
      schema: {
        operationId: 'listMembersWithoutAddress',
        summary: 'Members without a certified address, by name: since when, warned when, and until when',
        params: orderParams,
        querystring: pageQuery.extend({ stage: z.enum(STAGES).optional() }),
        response: { 200: pageOf(missingSchema) },
      },
    },
    async ({ params, query: { cursor, limit, stage = null } }) => {
      const [surname = '', givenName = '', taxCode = ''] = placeOf(cursor, 3) ?? []
      const { members, next } = await missingAddresses.list(params.order, { after: [surname, givenName, taxCode], limit, stage })
      return { items: members, next: next && cursorOf(next) }
    },
  )

  api.post(
    '/orders/:order/warnings',
    {
      schema: {
        operationId: 'noteWarnings',
        summary: 'Note that the order has warned members, or has proposed to suspend them',
        params: orderParams,
        body: z.object({
          kind: kindSchema,
          members: z
            .union([z.literal('all'), z.array(z.string()).min(1).max(10_000)])
            .describe('tax codes; all: whom it concerns'),
          sentOn: z.string().optional().describe('the day; today unless given'),
          note: z.string().max(500).describe('how it was sent, such as the number of the registered letter'),
        }),
        response: { 200: z.object({ members: z.int().describe('of how many it is noted') }) },
      },
    },
    async ({ params, body: { members, ...sending }, actor }) => {
      const named = members === 'all' ? members : members.map((taxCode) => readTaxCode(taxCode).code)
      return { members: await missingAddresses.note(params.order, { members: named, ...given(sending) }, actor) }
    },
  )

  api.get(
    '/orders/:order/members/:taxCode/warnings',
    {
      schema: {
        operationId: 'listWarnings',
        summary: 'What the order has sent to a member, the first one first',
        params: memberParams,
        response: { 200: z.object({ items: listOf(sentSchema) }) },
      },
    },
    async ({ params: { order, taxCode } }) => {
      const { code } = await orders.get(order)
      return { items: await missingAddresses.sentTo(code, readTaxCode(taxCode).code) }
    },
  )
}
