/** What the OpenAPI document says besides the schemas of the routes. */
import type { RouteOptions } from 'fastify'
import { jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ALLOWED } from '../../../registry/operators/roles.ts'
import type { Access } from './access.ts'
import { COOKIE } from '../operator-cookie.ts'
import { PROBLEM_MEDIA_TYPE, problemSchema } from './problems.ts'

export const INFORMATION = {
  openapi: '3.1.0',
  info: {
    title: 'Ceralacca',
    version: '1',
    description: 'The agreement with a professional order: how its members get, keep and renew their certified addresses.',
    license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' },
  },
  servers: [{ url: '/' }],
  components: {
    securitySchemes: {
      password: { type: 'http' as const, scheme: 'basic', description: 'the certified address and its password' },
      token: { type: 'http' as const, scheme: 'bearer', description: 'the token of a request, of a link, or of a program' },
      session: { type: 'apiKey' as const, in: 'cookie' as const, name: COOKIE, description: 'an operator or an order user' },
    },
  },
}

const keyHeader = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .describe('16 to 128 characters, such as a UUID: asked again with it, nothing is done twice'),
})

/** The library makes two of each named schema, one for requests and one for answers: what nothing points to is left out. */
export function transformObject(document: Parameters<typeof jsonSchemaTransformObject>[0]) {
  const made = jsonSchemaTransformObject(document)
  const schemas: Record<string, unknown> = ('components' in made && made.components?.schemas) || {}
  for (let unused = ['']; unused.length > 0;) {
    const text = JSON.stringify(made)
    unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`))
    for (const name of unused) Reflect.deleteProperty(schemas, name)
  }
  return made
}

/** Adds to a route's schema who may call it, how errors look, and the key that makes it safe to ask again. */
export function describe(route: RouteOptions, access: Access): void {
  const { schema } = route
  if (!schema) return
  const response = typeof schema.response === 'object' && schema.response !== null ? schema.response : {}
  route.schema = {
    ...schema,
    security: securityOf(access),
    description: [schema.description, whoMay(access)].filter((text) => text !== undefined).join('\n\n'),
    ...(route.method !== 'GET' && route.method !== 'HEAD' && { headers: schema.headers ?? keyHeader }),
    response: {
      ...response,
      default: { description: 'An error', content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } } },
    },
  }
}

function securityOf({ anyone, requester, holder, order, operator, scope }: Access): Record<string, string[]>[] {
  return [
    ...(anyone ? [{}] : []),
    ...(holder ? [{ password: [] }] : []),
    ...(requester || scope !== undefined || holder === 'link' ? [{ token: [] }] : []),
    ...(order || operator !== undefined ? [{ session: [] }] : []),
  ]
}

function whoMay({ anyone, requester, holder, order, operator, scope }: Access): string {
  const who = [
    ...(anyone ? ['everybody'] : []),
    ...(requester ? ['who began the request, by its token'] : []),
    ...(holder ? [holder === 'link' ? 'the holder, by password or by the link of a reminder' : 'the holder, by password'] : []),
    ...(order ? ['users of the order'] : []),
    ...(operator !== undefined ? [`operators (${ALLOWED[operator].join(', ')})`] : []),
    ...(scope === undefined ? [] : [`programs (${scope})`]),
  ]
  return `Who may: ${who.join('; ')}.`
}
