/** The roll of an order: imported, listed, searched. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { CHANGES } from '../../../registry/agreement/roll-changes.ts'
import { ROLL_FILTERS } from '../../../registry/agreement/rolls.ts'
import { cursorOf, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { listOf, memberParams, memberSchema, orderParams } from './schemas.ts'
import { fileSchema } from './uploads.ts'

const MOST_BYTES = 50_000_000

const lineSchema = z.object({ line: z.int(), why: z.string() })
const changeSchema = z.enum(CHANGES)

const reportSchema = z
  .object({
    version: z.int().describe('the number of the import'),
    lines: z.int(),
    unchanged: z.int(),
    changes: z.record(changeSchema, z.int()),
    examples: listOf(z.object({ change: changeSchema, taxCode: z.string(), name: z.string() })),
    revoked: z.int().describe('mailboxes of those who are struck off'),
    rejected: listOf(lineSchema),
    doubtful: listOf(lineSchema),
  })
  .meta({ id: 'RollReport' })

export function rollRoutes(api: Api, { desk: { rolls, orders } }: ApiDeps): void {
  api.post(
    '/orders/:order/roll',
    {
      config: { upload: MOST_BYTES },
      schema: {
        operationId: 'importRoll',
        summary: 'Import a roll (CSV); tells what changed, and each rejected line with why',
        consumes: ['multipart/form-data'],
        params: orderParams,
        body: z.object({
          file: fileSchema,
          dryRun: z.enum(['true', 'false']).optional().describe('only tell what would change'),
          whole: z.enum(['true', 'false']).optional().describe('who is not in the file is struck off, and loses the mailbox'),
          allowMany: z.enum(['true', 'false']).optional().describe('let it strike off many'),
        }),
        response: { 200: reportSchema },
      },
    },
    async ({ params: { order }, body: { file, dryRun, whole, allowMany }, actor }) =>
      rolls.importFile(order, file, actor, {
        dryRun: dryRun === 'true',
        whole: whole === 'true',
        allowMany: allowMany === 'true',
      }),
  )

  api.get(
    '/orders/:order/members',
    {
      schema: {
        operationId: 'listMembers',
        summary: 'Members by name',
        params: orderParams,
        querystring: pageQuery.extend({
          only: z.enum(ROLL_FILTERS).default('all'),
          search: z.string().min(2).max(200).optional().describe('a codice fiscale, or how surname and name begin'),
        }),
        response: { 200: pageOf(memberSchema.extend({ address: z.string().nullable() })) },
      },
    },
    async ({ params, query: { cursor, limit, only, search = '' } }) => {
      const { code } = await orders.get(params.order)
      const [surname = '', givenName = '', taxCode = ''] = placeOf(cursor, 3) ?? []
      const { members, next } = await rolls.list(code, { after: [surname, givenName, taxCode], limit, only, search })
      return { items: members, next: next && cursorOf(next) }
    },
  )

  api.get(
    '/orders/:order/members/:taxCode',
    {
      schema: {
        operationId: 'getMember',
        summary: 'A member, and what the roll said before',
        params: memberParams,
        response: {
          200: memberSchema.extend({
            history: listOf(z.object({ version: z.int(), change: changeSchema, before: memberSchema.nullable(), at: z.date() })),
          }),
        },
      },
    },
    async ({ params: { order, taxCode } }) => {
      const code = taxCode.toUpperCase()
      const member = await rolls.member(order, code)
      if (!member) throw clientError('no-such-member', `${code} is not on the roll of ${order}`)
      return { ...member, history: await rolls.history(order, code) }
    },
  )
}
