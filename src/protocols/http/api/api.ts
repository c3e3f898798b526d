/**
 * The REST API under /api/v1: resources over the desk of the agreements. It knows no rule of theirs: the registry decides. For each request: who
 * asks (principal.ts), may he (access.ts), is it of its form (the zod schemas, from which the OpenAPI document is made too), was it asked before
 * (idempotency.ts); then the resource does it. Errors are problems (problems.ts).
 */
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { CeralaccaError, clientError } from '../../../base/errors.ts'
import { networkOf } from '../../../base/network.ts'
import { accessOf, allowed, type Access } from './access.ts'
import { agreementRoutes } from './agreements.ts'
import { alertRoutes } from './alerts.ts'
import { cardRoutes } from './cards.ts'
import { contractRoutes } from './contracts.ts'
import { describe, INFORMATION, transformObject } from './document.ts'
import { elsewhereRoutes } from './elsewhere.ts'
import { keepAnswers } from './idempotency.ts'
import { mailboxRoutes } from './mailbox.ts'
import { missingAddressRoutes } from './missing-addresses.ts'
import { moneyRoutes } from './money.ts'
import { noticeRoutes } from './notices.ts'
import { orderRoutes } from './orders.ts'
import type { Api, ApiDeps } from './parts.ts'
import { createAuthenticate } from './principal.ts'
import { createProblemAnswer } from './problems.ts'
import { registerRoutes } from './register.ts'
import { requestRoutes } from './requests.ts'
import { reviewRoutes } from './review.ts'
import { rollRoutes } from './roll.ts'
import { termsRoutes } from './terms.ts'
import { tokenRoutes } from './tokens.ts'
import { readUpload } from './uploads.ts'
import { webhookRoutes } from './webhooks.ts'

type Resource = (api: Api, deps: ApiDeps) => void

const RESOURCES: readonly Resource[] = [
  agreementRoutes,
  termsRoutes,
  requestRoutes,
  reviewRoutes,
  mailboxRoutes,
  alertRoutes,
  orderRoutes,
  rollRoutes,
  missingAddressRoutes,
  elsewhereRoutes,
  registerRoutes,
  contractRoutes,
  moneyRoutes,
  cardRoutes,
  noticeRoutes,
  tokenRoutes,
  webhookRoutes,
]

/** The entry of a route; without one it does not start: nobody may, by default. */
function accessOfRoute({ schema, url }: RouteOptions): Access {
  const access = accessOf(schema?.operationId)
  if (!access) throw new CeralaccaError('no-access-entry', 'bug', `access.ts does not say who may call ${url}`)
  return access
}

/** The order under which a thing lies: `/orders/{order}/...`. */
function orderOf(params: unknown): string | undefined {
  const order: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'order') : undefined
  return typeof order === 'string' ? order : undefined
}

/** @param resources adds the routes of each; all that there are, unless a test says otherwise */
export function registerApi(app: FastifyInstance, deps: ApiDeps, resources: readonly Resource[] = RESOURCES): void {
  const { keys, waysIn, publicRate, report } = deps
  const authenticate = createAuthenticate(waysIn)

  app.register(
    async (scope) => {
      const api = scope.withTypeProvider<ZodTypeProvider>()
      api.setValidatorCompiler(validatorCompiler)
      api.setSerializerCompiler(serializerCompiler)
      api.setErrorHandler(createProblemAnswer(report))
      api.setNotFoundHandler(() => {
        throw clientError('no-such-operation', 'There is nothing at this address: see /api/v1/openapi.json')
      })
      api.decorateRequest('principal')
      api.decorateRequest('actor')

      api.addHook('onRoute', (route) => {
        const access = accessOfRoute(route)
        route.config = { ...route.config, access, ...(access.anyone && { rateLimit: {} }) }
        describe(route, access)
      })
      await api.register(rateLimit, {
        global: false,
        max: publicRate,
        timeWindow: '1 minute',
        keyGenerator: ({ ip }) => networkOf(ip),
        errorResponseBuilder: () => clientError('too-many-requests', 'Too many requests: wait as long as Retry-After says'),
      })
      await api.register(multipart)
      await api.register(swagger, {
        openapi: INFORMATION,
        transform: jsonSchemaTransform,
        transformObject,
      })

      api.addHook('onRequest', async (request, answer) => {
        answer.header('cache-control', 'no-store')
        if (request.is404) return
        request.principal = await authenticate(request)
        request.actor = allowed(request.routeOptions.config.access ?? {}, request.principal, orderOf(request.params))
      })
      api.addHook('preValidation', readUpload)
      keepAnswers(api, keys)

      api.get('/openapi.json', { schema: { operationId: 'getApiDocument', hide: true } }, async () => api.swagger())
      for (const add of resources) add(api, deps)
    },
    { prefix: '/api/v1' },
  )
}
