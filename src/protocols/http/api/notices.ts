/** The ordinary e-mail that leaves, for operators: what waits, what was not delivered and why, and trying again. No body is shown. */
import { z } from 'zod'
import { MAIL_STATES } from '../../../notices/mail.ts'
import { pageQuery } from './paging.ts'
import type { Api, ApiDeps } from './parts.ts'
import { idParams, listOf } from './schemas.ts'

const mailSchema = z
  .object({
    id: z.string(),
    recipient: z.string(),
    aboutKind: z.string().nullable().describe('what it is about, such as notice or alert'),
    aboutSubject: z.string().nullable(),
    state: z.enum(MAIL_STATES),
    attempts: z.int(),
    lastWord: z.string().nullable().describe("what the recipient's server said last"),
    dueAt: z.date().describe('of one that waits: the next attempt'),
    createdAt: z.date(),
    closedAt: z.date().nullable(),
  })
  .meta({ id: 'Mail' })

export function noticeRoutes(api: Api, { postDesk }: Pick<ApiDeps, 'postDesk'>): void {
  api.get(
    '/notices',
    {
      schema: {
        operationId: 'listNotices',
        summary: 'Ordinary e-mail of a state, or that waits or was not delivered; the newest first',
        querystring: pageQuery.pick({ limit: true }).extend({ state: z.enum(MAIL_STATES).optional() }),
        response: { 200: z.object({ items: listOf(mailSchema) }) },
      },
    },
    async ({ query: { state, limit } }) => ({ items: await postDesk.list(state ? [state] : ['waiting', 'failed'], limit) }),
  )

  api.get(
    '/notices/:id',
    {
      schema: {
        operationId: 'getNotice',
        summary: 'What became of an e-mail',
        params: idParams,
        response: { 200: mailSchema },
      },
    },
    async ({ params: { id } }) => postDesk.get(id),
  )

  api.post(
    '/notices/:id/retry',
    {
      schema: {
        operationId: 'retryNotice',
        summary: 'Try an e-mail that waits now, or send a notice of the agreement anew, with a new link',
        params: idParams,
        response: { 200: z.object({ done: z.enum(['now', 'anew']) }) },
      },
    },
    async ({ params: { id }, actor }) => ({ done: await postDesk.retry(id, actor) }),
  )
}
