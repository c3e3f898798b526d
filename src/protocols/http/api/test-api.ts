/** For tests: the API over a desk on a real database, asked as whoever the test says. */
import { fastify } from 'fastify'
import { accessesOf } from '../../../audit/queries.ts'
import { createIdempotencyKeys } from '../../../registry/idempotency-keys.ts'
import type { openTestDesk } from '../../../registry/agreement/test-desk.ts'
import { registerApi } from './api.ts'
import type { Principal, WayIn } from './principal.ts'

const AS = 'x-as'

/** Believes what a header says. */
const asSaid: WayIn = async ({ headers }) => {
  const said = headers[AS]
  return typeof said === 'string' ? (JSON.parse(said) as Principal) : undefined
}

export const as = (principal: Principal): Record<string, string> => ({ [AS]: JSON.stringify(principal) })

export const CLERK: Principal = { kind: 'operator', name: 'anna', roles: ['desk'] }

export interface Asked {
  readonly status: number
  readonly headers: Record<string, unknown>
  // What is read from an answer is looked at by the test.
  readonly body: Record<string, never>
}

export async function openTestApi(desk: Awaited<ReturnType<typeof openTestDesk>>, waysIn: readonly WayIn[] = []) {
  const app = fastify()
  const reported: string[] = []
  const keys = createIdempotencyKeys(desk.database, () => desk.clock.now)
  registerApi(app, {
    desk,
    accessesOf: (address) => accessesOf(desk.database.reader, address),
    keys,
    waysIn: [asSaid, ...waysIn],
    publicRate: 10_000,
    report: (name, data) => void reported.push(`${name} ${JSON.stringify(data)}`),
  })
  await app.ready()
  return { app, keys, reported }
}
