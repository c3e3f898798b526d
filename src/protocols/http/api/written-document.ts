/** The OpenAPI document without a provider that runs: of what the API is made of, nothing is asked while its routes are added. */
import { fastify } from 'fastify'
import { registerApi } from './api.ts'
import type { ApiDeps } from './parts.ts'

const absent: unknown = new Proxy(() => undefined, { get: () => absent })

export async function openApiDocument(): Promise<object> {
  const app = fastify()
  registerApi(app, {
    ...(absent as ApiDeps),
    desk: absent as ApiDeps['desk'],
    waysIn: [],
    publicRate: 1,
    report: () => undefined,
  })
  try {
    return (await app.inject({ url: '/api/v1/openapi.json' })).json<object>()
  } finally {
    await app.close()
  }
}
