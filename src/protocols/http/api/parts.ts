/** What the API is made of, and what each of its requests knows. */
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Actor } from '../../../audit/audit.ts'
import type { Access as AccessEntry } from '../../../audit/queries.ts'
import type { EventSink } from '../../../base/events.ts'
import type { Alerts } from '../../../notices/alerts/alerts.ts'
import type { PostDesk } from '../../../notices/desk.ts'
import type { Desk } from '../../../registry/agreement/desk.ts'
import type { IdempotencyKeys } from '../../../registry/idempotency-keys.ts'
import type { MachineTokens } from '../../../registry/machine-tokens.ts'
import type { Webhooks } from '../../../webhooks/webhooks.ts'
import type { ClientParameters } from '../welcome-page.ts'
import type { Access } from './access.ts'
import type { Principal, WayIn } from './principal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who asks, and in what capacity he may do it */
    principal: Principal
    actor: Actor
  }
  interface FastifyContextConfig {
    access?: Access
    /** what is sent is a file of at most so many bytes, with fields beside it (multipart/form-data) */
    upload?: number
  }
}

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

export interface ApiDeps {
  readonly desk: Desk
  /** What a holder may see of who had to do with his things. */
  readonly accessesOf: (address: string) => Promise<{ readonly accesses: readonly AccessEntry[] }>
  readonly alerts: Pick<Alerts, 'get' | 'set' | 'stop'>
  readonly postDesk: PostDesk
  readonly tokens: MachineTokens
  readonly webhooks: Webhooks
  readonly keys: IdempotencyKeys
  /** in this order */
  readonly waysIn: readonly WayIn[]
  /** public address of the web pages, without a slash at its end */
  readonly web: string
  /** what a mail client needs, told to who has just got a password */
  readonly parameters: Pick<ClientParameters, 'serverName' | 'ports'>
  /** requests of a minute from one network to what everybody may call */
  readonly publicRate: number
  readonly report: EventSink
}
