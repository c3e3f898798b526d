/**
 * Certified addresses that members have at other providers. A member names his own, by the code of an agreement with his order, and gives the code
 * back that a certified message has brought there; the order and operators can do the same for him, and end what he has no more.
 */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import type { ElsewhereRow } from '../../../registry/agreement/elsewhere.ts'
import { readTaxCode } from '../../../registry/people/tax-code.ts'
import type { Api, ApiDeps } from './parts.ts'
import { idParams, listOf, memberParams, orderParams, personSchema } from './schemas.ts'

const elsewhereSchema = z
  .object({
    id: z.string(),
    order: z.string(),
    ...personSchema.shape,
    address: z.string(),
    state: z.enum(['unproved', 'proved', 'ended']),
    createdAt: z.date(),
    triesLeft: z.int(),
    expiresAt: z.date().describe('of the code'),
    sentMsgid: z.string().nullable().describe('the certified message with the code; null: it is not sent yet'),
    provedAt: z.date().nullable(),
    endedAt: z.date().nullable(),
  })
  .meta({ id: 'AddressElsewhere' })

const startSchema = personSchema.extend({ address: z.string().max(320).describe('certified, of another provider') })
const startedSchema = z.object({ id: z.string() })
const codeSchema = z.object({ code: z.string().max(60).describe('as the message says it') })
/** Whoever gives a code learns whether it was right, and nothing of the member besides. */
const provedSchema = elsewhereSchema.pick({ id: true, address: true, state: true, provedAt: true })
const ofOrderParams = orderParams.extend({ id: z.string() })

export function elsewhereRoutes(api: Api, { desk: { agreements, orders, elsewhere } }: Pick<ApiDeps, 'desk'>): void {
  /** @throws `no-such-proof` also for one of another order */
  async function ofOrder({ order, id }: z.infer<typeof ofOrderParams>): Promise<ElsewhereRow> {
    const row = await elsewhere.get(id)
    if (row.order !== order) throw clientError('no-such-proof', `Nobody of ${order} has named an address elsewhere as ${id}`)
    return row
  }

  api.post(
    '/agreements/:code/addresses-elsewhere',
    {
      schema: {
        operationId: 'nameAddressElsewhere',
        summary: 'Name the certified address that one has elsewhere; a code goes there',
        params: z.object({ code: z.string() }),
        body: startSchema,
        response: { 201: startedSchema },
      },
    },
    async ({ params: { code }, body: { address, ...person }, actor }, answer) => {
      const { order } = await agreements.inForce(code)
      return answer.code(201).send({ id: await elsewhere.start(order, person, address, actor) })
    },
  )

  api.post(
    '/addresses-elsewhere/:id/proof',
    {
      schema: {
        operationId: 'proveAddressElsewhere',
        summary: 'Give the code that came to an address elsewhere: it is the member’s from then on',
        params: idParams,
        body: codeSchema,
        response: { 200: provedSchema },
      },
    },
    async ({ params: { id }, body: { code }, actor }) => elsewhere.prove(id, code, actor),
  )

  api.post(
    '/orders/:order/addresses-elsewhere',
    {
      schema: {
        operationId: 'startAddressElsewhere',
        summary: 'Note the certified address that a member has elsewhere; a code goes there',
        params: orderParams,
        body: startSchema,
        response: { 201: startedSchema },
      },
    },
    async ({ params, body: { address, ...person }, actor }, answer) =>
      answer.code(201).send({ id: await elsewhere.start(params.order, person, address, actor) }),
  )

  api.get(
    '/orders/:order/members/:taxCode/addresses-elsewhere',
    {
      schema: {
        operationId: 'listAddressesElsewhere',
        summary: 'The addresses that a member has and had elsewhere, the first one first',
        params: memberParams,
        response: { 200: z.object({ items: listOf(elsewhereSchema) }) },
      },
    },
    async ({ params: { order, taxCode } }) => {
      const { code } = await orders.get(order)
      return { items: await elsewhere.of(code, readTaxCode(taxCode).code) }
    },
  )

  api.post(
    '/orders/:order/addresses-elsewhere/:id/end',
    {
      schema: {
        operationId: 'endAddressElsewhere',
        summary: 'Note that a member has an address elsewhere no more',
        params: ofOrderParams,
        response: { 200: elsewhereSchema },
      },
    },
    async ({ params, actor }) => elsewhere.end((await ofOrder(params)).id, actor),
  )
}
