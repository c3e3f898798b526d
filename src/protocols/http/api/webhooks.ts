/** Webhooks: by operators, and by programs for their own order or mailbox. What is of somebody else is not there. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { SUBSCRIBABLE } from '../../../webhooks/event-kinds.ts'
import type { Subscription } from '../../../webhooks/subscriptions.ts'
import { DELIVERY_STATES } from '../../../webhooks/webhooks.ts'
import { boundOf, isSameOwner, namedOwner, ownerFields, ownerOf, shownOwner } from './owners.ts'
import { cursorOf, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import type { Principal } from './principal.ts'
import { idParams, listOf } from './schemas.ts'

const kind = z.enum(SUBSCRIBABLE)

const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    kinds: listOf(z.string()).describe('kinds of events: docs/reference/webhook-events.md'),
    ...shownOwner,
    state: z.enum(['active', 'paused']),
    pausedBecause: z.enum(['owner', 'failing', 'gone']).nullable(),
    pausedAt: z.date().nullable(),
    createdAt: z.date(),
    oldSecretUntil: z.date().nullable().describe('until when the secret before signs too'),
  })
  .meta({ id: 'Webhook' })

const deliverySchema = z
  .object({
    event: z.string().describe('the receiver’s `webhook-id`'),
    kind: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    answer: z.string().nullable().describe('what the receiver answered last: a status, or what went wrong'),
    dueAt: z.date(),
    createdAt: z.date(),
    endedAt: z.date().nullable(),
  })
  .meta({ id: 'WebhookDelivery' })

const secret = z.string().describe('signs what is sent; it is in this answer and nowhere else')
const changed = z.object({ changed: z.boolean() })

const shown = (webhook: Subscription) => ({ ...webhook, ...namedOwner(webhook) })

export function webhookRoutes(api: Api, { webhooks }: Pick<ApiDeps, 'webhooks'>): void {
  /** One that the principal may see. @throws `no-such-webhook` */
  async function own(id: string, principal: Principal): Promise<Subscription> {
    const webhook = await webhooks.get(id)
    const bound = boundOf(principal)
    if (bound && !isSameOwner(bound, webhook)) throw clientError('no-such-webhook', `There is no webhook ${id} of yours`)
    return webhook
  }

  api.get(
    '/webhooks',
    {
      schema: {
        operationId: 'listWebhooks',
        summary: 'Webhooks',
        response: { 200: z.object({ items: listOf(webhookSchema) }) },
      },
    },
    async ({ principal }) => {
      const bound = boundOf(principal)
      const all = await webhooks.list()
      return { items: all.filter((one) => !bound || isSameOwner(bound, one)).map(shown) }
    },
  )

  api.post(
    '/webhooks',
    {
      schema: {
        operationId: 'addWebhook',
        summary: 'Send events to an address as they happen',
        body: z.object({ url: z.string().max(2000), kinds: z.array(kind).min(1), ...ownerFields }),
        response: { 201: webhookSchema.extend({ secret }) },
      },
    },
    async ({ body: { url, kinds, ...named }, principal, actor }, answer) => {
      const bound = boundOf(principal)
      const asked = ownerOf(named)
      const owner = bound && asked.bound === 'provider' ? bound : asked
      if (bound && !isSameOwner(bound, owner))
        throw clientError('not-your-order', `This token is of the ${bound.bound} ${bound.name} alone`)
      const made = await webhooks.add({ ...owner, url, kinds }, actor)
      return answer.code(201).send({ ...shown(made), secret: made.secret })
    },
  )

  api.get(
    '/webhooks/:id',
    {
      schema: {
        operationId: 'getWebhook',
        summary: 'A webhook, and how many events wait for it',
        params: idParams,
        response: { 200: webhookSchema.extend({ waiting: z.int() }) },
      },
    },
    async ({ params: { id }, principal }) => ({ ...shown(await own(id, principal)), waiting: await webhooks.waiting(id) }),
  )

  api.delete(
    '/webhooks/:id',
    {
      schema: {
        operationId: 'removeWebhook',
        summary: 'Remove a webhook, with all that waits for it',
        params: idParams,
        response: { 204: z.null() },
      },
    },
    async ({ params: { id }, principal, actor }, answer) => {
      await own(id, principal)
      await webhooks.remove(id, actor)
      return answer.code(204).send(null)
    },
  )

  api.post(
    '/webhooks/:id/pause',
    {
      schema: {
        operationId: 'pauseWebhook',
        summary: 'Send nothing for a while; events are kept',
        params: idParams,
        response: { 200: changed },
      },
    },
    async ({ params: { id }, principal, actor }) => {
      await own(id, principal)
      return { changed: await webhooks.pause(id, actor) }
    },
  )

  api.post(
    '/webhooks/:id/resume',
    {
      schema: {
        operationId: 'resumeWebhook',
        summary: 'Send again, beginning with what waits',
        params: idParams,
        response: { 200: changed },
      },
    },
    async ({ params: { id }, principal, actor }) => {
      await own(id, principal)
      return { changed: await webhooks.resume(id, actor) }
    },
  )

  api.post(
    '/webhooks/:id/test',
    {
      schema: {
        operationId: 'testWebhook',
        summary: 'Send an event `webhook.test`',
        params: idParams,
        response: { 202: z.object({ event: z.string() }) },
      },
    },
    async ({ params: { id }, principal }, answer) => {
      await own(id, principal)
      return answer.code(202).send({ event: await webhooks.test(id) })
    },
  )

  api.post(
    '/webhooks/:id/secret',
    {
      schema: {
        operationId: 'changeWebhookSecret',
        summary: 'Make a new secret; the one before signs too, for a day',
        params: idParams,
        response: { 200: z.object({ secret, oldSecretUntil: z.date() }) },
      },
    },
    async ({ params: { id }, principal, actor }) => {
      await own(id, principal)
      return webhooks.changeSecret(id, actor)
    },
  )

  api.get(
    '/webhooks/:id/deliveries',
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'What was sent, and what waits, the last event first',
        params: idParams,
        querystring: pageQuery.extend({ state: z.enum(DELIVERY_STATES).optional() }),
        response: { 200: pageOf(deliverySchema) },
      },
    },
    async ({ params: { id }, query: { cursor, limit, state = null }, principal }) => {
      await own(id, principal)
      const [place] = placeOf(cursor, 1) ?? []
      if (place !== undefined && !/^\d{1,15}$/.test(place)) throw clientError('bad-cursor', 'This cursor is of another list')
      const before = place === undefined ? null : Number(place)
      const items = await webhooks.deliveries(id, { state, before, limit })
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, next: last ? cursorOf([String(last.number)]) : null }
    },
  )

  api.post(
    '/webhooks/:id/replay',
    {
      schema: {
        operationId: 'replayWebhook',
        summary: 'Send once more what was sent, from an event or a time on',
        params: idParams,
        body: z.union([z.object({ event: z.string().max(200) }), z.object({ since: z.iso.datetime({ offset: true }) })]),
        response: { 200: z.object({ events: z.int() }) },
      },
    },
    async ({ params: { id }, body, principal, actor }) => {
      await own(id, principal)
      const from = 'event' in body ? body : { since: new Date(body.since) }
      return { events: await webhooks.replay(id, from, actor) }
    },
  )

  api.post(
    '/webhooks/:id/deliveries/:event/skip',
    {
      schema: {
        operationId: 'skipWebhookEvent',
        summary: 'Do not send an event that the receiver does not take',
        params: idParams.extend({ event: z.string() }),
        response: { 204: z.null() },
      },
    },
    async ({ params: { id, event }, principal, actor }, answer) => {
      await own(id, principal)
      await webhooks.skip(id, event, actor)
      return answer.code(204).send(null)
    },
  )
}
