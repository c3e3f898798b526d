/** Requests, for the operators who decide on them. */
import { z } from 'zod'
import { STATES } from '../../../registry/agreement/states.ts'
import { pageById, pageOf, pageQuery } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { idParams, orderParams, reasonSchema, requestSchema } from './schemas.ts'
import { fileAnswer } from './uploads.ts'

const query = pageQuery.extend({ state: z.enum(STATES.request).optional() })

export function reviewRoutes(api: Api, { desk: { requests, documents, orders } }: ApiDeps): void {
  api.get(
    '/requests',
    {
      schema: {
        operationId: 'listRequests',
        summary: 'Requests of all orders, the oldest first',
        querystring: query,
        response: { 200: pageOf(requestSchema) },
      },
    },
    async ({ query }) => pageById(query, (after, limit) => requests.list(null, { state: query.state ?? null, after, limit })),
  )

  api.get(
    '/orders/:order/requests',
    {
      schema: {
        operationId: 'listRequestsOfOrder',
        summary: 'Requests of an order, the oldest first',
        params: orderParams,
        querystring: query,
        response: { 200: pageOf(requestSchema) },
      },
    },
    async ({ params, query }) => {
      const { code } = await orders.get(params.order)
      return pageById(query, (after, limit) => requests.list(code, { state: query.state ?? null, after, limit }))
    },
  )

  api.get(
    '/requests/:id/document',
    {
      schema: {
        operationId: 'getDocument',
        summary: 'The identity document; that it was looked at is recorded',
        params: idParams,
        response: { 200: fileAnswer('The document') },
      },
    },
    async ({ params: { id }, actor }, answer) => {
      const { mediaType, bytes } = await documents.show(id, actor)
      const sent = answer.type(mediaType).header('content-disposition', `attachment; filename="${id}"`)
      return sent.header('x-content-type-options', 'nosniff').send(bytes)
    },
  )

  api.post(
    '/requests/:id/document-request',
    {
      schema: {
        operationId: 'askDocument',
        summary: 'Ask for another document, with what is wrong with this one',
        params: idParams,
        body: reasonSchema,
        response: { 200: requestSchema },
      },
    },
    async ({ params: { id }, body, actor }) => {
      await requests.askDocument(id, body.reason, actor)
      return requests.get(id)
    },
  )

  api.post(
    '/requests/:id/approval',
    {
      schema: {
        operationId: 'approveRequest',
        summary: 'Approve a request: the mailbox is made',
        params: idParams,
        response: { 200: z.object({ contract: z.string().describe('its identifier') }) },
      },
    },
    async ({ params: { id }, actor }) => ({ contract: await requests.approve(id, actor) }),
  )

  api.post(
    '/requests/:id/rejection',
    {
      schema: {
        operationId: 'rejectRequest',
        summary: 'Reject a request',
        params: idParams,
        body: reasonSchema,
        response: { 200: requestSchema },
      },
    },
    async ({ params: { id }, body, actor }) => {
      await requests.reject(id, body.reason, actor)
      return requests.get(id)
    },
  )
}
