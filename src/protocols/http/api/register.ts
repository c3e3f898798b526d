/** What is sent to the public register of addresses for an order: files that are made, given again, and confirmed. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { cursorOf, pageOf, pageQuery, placeOf } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { listOf, orderParams } from './schemas.ts'
import { fileAnswer } from './uploads.ts'

/** It is stored as a 32-bit integer. */
const numberSchema = z.coerce.number().int().min(1).max(999_999_999)
const exportParams = orderParams.extend({ number: numberSchema })

const exportSchema = z
  .object({
    number: z.int().describe('counts from 1 for each order'),
    afterFact: z.int(),
    toFact: z.int().describe('what the order was told behind the first and up to this one is in the file'),
    lines: z.int(),
    rejected: z.int(),
    bytes: z.int(),
    sha256: z.string().describe('hexadecimal, of the file'),
    madeAt: z.date(),
    madeBy: z.string(),
    confirmedAt: z.date().nullable().describe('null: whether it arrived is not known, and no other one is made'),
    confirmedBy: z.string().nullable(),
  })
  .meta({ id: 'RegisterExport' })

const rejectionSchema = z.object({
  line: z.int().describe('of the file, the titles being line 1'),
  why: z.string().min(1).max(500),
})

export function registerRoutes(api: Api, { desk: { registerExports } }: Pick<ApiDeps, 'desk'>): void {
  api.post(
    '/orders/:order/register-exports',
    {
      schema: {
        operationId: 'makeRegisterExport',
        summary: 'Make the file of what has changed for the register; or the last one again, as long as it is not confirmed',
        params: orderParams,
        response: { 200: exportSchema.extend({ again: z.boolean().describe('it was made before') }) },
      },
    },
    async ({ params, actor }) => {
      const { receipt, again } = await registerExports.next(params.order, actor)
      return { ...receipt, again }
    },
  )

  api.get(
    '/orders/:order/register-exports',
    {
      schema: {
        operationId: 'listRegisterExports',
        summary: 'Exports to the register, the last one first',
        params: orderParams,
        querystring: pageQuery,
        response: { 200: pageOf(exportSchema) },
      },
    },
    async ({ params, query: { cursor, limit } }) => {
      const items = await registerExports.list(params.order, { before: numberOf(cursor), limit })
      const last = items.length === limit ? items.at(-1) : undefined
      return { items, next: last ? cursorOf([String(last.number)]) : null }
    },
  )

  api.get(
    '/orders/:order/register-exports/:number',
    {
      schema: {
        operationId: 'getRegisterExport',
        summary: 'An export, and the lines that the register has rejected',
        params: exportParams,
        response: { 200: exportSchema.extend({ rejections: listOf(rejectionSchema.extend({ taxCode: z.string() })) }) },
      },
    },
    async ({ params: { order, number } }) => {
      const { receipt } = await registerExports.get(order, number)
      return { ...receipt, rejections: await registerExports.rejections(order, number) }
    },
  )

  api.get(
    '/orders/:order/register-exports/:number/file',
    {
      schema: {
        operationId: 'getRegisterFile',
        summary: 'The file of an export (CSV), byte for byte as it was made',
        params: exportParams,
        response: { 200: fileAnswer('The file') },
      },
    },
    async ({ params: { order, number } }, answer) => {
      const { receipt, file } = await registerExports.get(order, number)
      return answer
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="register-${number}.csv"`)
        .header('etag', `"${receipt.sha256}"`)
        .send(file)
    },
  )

  api.post(
    '/orders/:order/register-exports/:number/confirmation',
    {
      schema: {
        operationId: 'confirmRegisterExport',
        summary:
          'The register has taken an export, but for the lines that it has rejected; those are said again with the next one',
        params: exportParams,
        body: z.object({
          rejected: z.array(rejectionSchema).default([]),
          refused: z
            .string()
            .min(1)
            .max(500)
            .nullable()
            .default(null)
            .describe('why, if the register has refused the whole file'),
        }),
        response: { 200: exportSchema },
      },
    },
    async ({ params: { order, number }, body: { rejected, refused }, actor }) => {
      if (refused !== null && rejected.length > 0) throw clientError('bad-request', 'Give "rejected" or "refused", not both')
      return registerExports.confirm(order, number, refused === null ? rejected : { all: refused }, actor)
    },
  )
}

/** @throws `bad-cursor` */
function numberOf(cursor: string | undefined): number | null {
  const place = placeOf(cursor, 1)
  if (place === null) return null
  const { success, data } = numberSchema.safeParse(place[0])
  if (!success) throw clientError('bad-cursor', 'This cursor is of another list')
  return data
}
