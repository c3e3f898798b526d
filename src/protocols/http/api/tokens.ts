/** Tokens of programs: made, listed, revoked by operators. */
import { z } from 'zod'
import { API_SCOPES } from '../../../registry/api-scopes.ts'
import type { MachineToken } from '../../../registry/machine-tokens.ts'
import { namedOwner, ownerFields, ownerOf, shownOwner } from './owners.ts'
import type { Api, ApiDeps } from './parts.ts'
import { listOf } from './schemas.ts'

const tokenSchema = z
  .object({
    id: z.string().describe('what stands in the token behind `cera_`'),
    name: z.string().describe('the audit log tells of what the program does as `token:NAME`'),
    scopes: listOf(z.enum(API_SCOPES)),
    ...shownOwner,
    createdAt: z.date(),
    createdBy: z.string(),
    expiresAt: z.date(),
    revokedAt: z.date().nullable(),
    lastUsedOn: z.string().nullable().describe('a day'),
  })
  .meta({ id: 'Token' })

const shown = (token: MachineToken) => ({ ...token, ...namedOwner({ bound: token.bound, name: token.boundName }) })

export function tokenRoutes(api: Api, { tokens }: Pick<ApiDeps, 'tokens'>): void {
  api.get(
    '/tokens',
    {
      schema: {
        operationId: 'listTokens',
        summary: 'Tokens of programs by name, with those that are good no more',
        response: { 200: z.object({ items: listOf(tokenSchema) }) },
      },
    },
    async () => ({ items: (await tokens.list()).map(shown) }),
  )

  api.post(
    '/tokens',
    {
      schema: {
        operationId: 'addToken',
        summary: 'Make a token; it is in this answer and nowhere else',
        body: z.object({
          name: z.string().max(60),
          scopes: z.array(z.enum(API_SCOPES)).min(1),
          ...ownerFields,
          days: z.int().default(365).describe('how long it is good'),
        }),
        response: { 201: tokenSchema.extend({ token: z.string() }) },
      },
    },
    async ({ body: { name, scopes, days, ...owner }, actor }, answer) => {
      const { bound, name: boundName } = ownerOf(owner)
      const made = await tokens.add({ name, scopes, days, bound, boundName }, actor)
      return answer.code(201).send({ ...shown(made), token: made.token })
    },
  )

  api.delete(
    '/tokens/:name',
    {
      schema: {
        operationId: 'revokeToken',
        summary: 'Revoke a token: it opens nothing from now on',
        params: z.object({ name: z.string() }),
        response: { 204: z.null() },
      },
    },
    async ({ params: { name }, actor }, answer) => {
      await tokens.revoke(name, actor)
      return answer.code(204).send(null)
    },
  )
}
