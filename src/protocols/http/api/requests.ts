/** A request, for who begins it and comes back to it with its token, up to the password of the mailbox. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import type { RequestRow } from '../../../registry/agreement/subjects.ts'
import type { Api, ApiDeps } from './parts.ts'
import type { Principal } from './principal.ts'
import { idParams, languageSchema, listOf, paymentMethod, paymentSchema, personSchema, requestSchema } from './schemas.ts'
import { fileSchema } from './uploads.ts'

/** More than a document may have, so that the registry says what is too large; what is much larger is not read to its end. */
const MOST_UPLOADED = 6_000_000

const tokenSchema = z.object({
  id: z.string(),
  token: z.string().describe('for `Authorization: Bearer`, to come back to the request'),
})

const linkSchema = z.object({
  purpose: z.enum(['confirm-email', 'activate']),
  address: z.string().describe('the certified address that it is about'),
  email: z.string().nullable().describe('the ordinary address that would be confirmed; null where none would be'),
})

const port = z.int()

const activatedSchema = z.object({
  address: z.string().describe('which is the user name too'),
  serverName: z.string(),
  ports: z
    .object({ submissions: port, submission: port, imaps: port, imap: port, pop3s: port, pop3: port })
    .describe('of the mail client: TLS with an "s", STARTTLS without it'),
})

const startSchema = personSchema.extend({
  code: z.string().describe('of the agreement'),
  address: z.string().max(320).describe('one that was proposed'),
  years: z.int(),
  email: z.string().max(320).describe('ordinary e-mail: a link goes there'),
  phone: z.string().max(40),
  termsVersion: z.string().describe('the version of the terms that were read and are accepted'),
  language: languageSchema.default('it').describe('in which the terms were read, and the member is written to'),
})

const shownSchema = requestSchema.extend({ payments: listOf(paymentSchema) })

/** Of somebody else's request nobody learns that there is one. @throws `no-such-request` */
export function checkOwn(principal: Principal, id: string): void {
  if (principal.kind === 'requester' && principal.request !== id)
    throw clientError('no-such-request', `There is no request ${id}`)
}

export function requestRoutes(api: Api, { desk, parameters }: ApiDeps): void {
  const { requests, payments, contracts, accessLinks, confirmationAgain } = desk
  const shown = async (row: RequestRow) => ({ ...row, payments: await payments.of(row.slot, row.id) })

  api.post(
    '/requests',
    {
      schema: {
        operationId: 'startRequest',
        summary: 'Begin a request; a link goes to the e-mail address',
        body: startSchema,
        response: { 201: tokenSchema },
      },
    },
    async ({ body }, answer) => {
      const id = await requests.start(body)
      return answer.code(201).send({ id, token: await accessLinks.forRequest(id) })
    },
  )

  api.post(
    '/links',
    {
      schema: {
        operationId: 'lookAtLink',
        summary: 'What a one-time link would do; it is not used by this',
        body: z.object({ token: z.string() }),
        response: { 200: linkSchema },
      },
    },
    ({ body }) => accessLinks.lookAt(body.token),
  )

  api.post(
    '/requests/confirmations',
    {
      schema: {
        operationId: 'confirmEmail',
        summary: 'Confirm the e-mail address, with the token of the link',
        body: z.object({ token: z.string() }),
        response: { 200: tokenSchema },
      },
    },
    async ({ body }) => {
      const id = await requests.confirmEmail(body.token)
      return { id, token: await accessLinks.forRequest(id) }
    },
  )

  api.get(
    '/requests/:id',
    {
      schema: {
        operationId: 'getRequest',
        summary: 'A request, and what is to pay',
        params: idParams,
        response: { 200: shownSchema },
      },
    },
    async ({ params, principal }) => {
      checkOwn(principal, params.id)
      return shown(await requests.get(params.id))
    },
  )

  api.post(
    '/requests/:id/confirmation-link',
    {
      schema: {
        operationId: 'sendConfirmationAgain',
        summary: 'Send the link that confirms the e-mail address once more; earlier ones are useless then',
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async ({ params: { id }, principal, actor }, answer) => {
      checkOwn(principal, id)
      await confirmationAgain.send(id, actor)
      return answer.code(204).send()
    },
  )

  api.post(
    '/requests/:id/document',
    {
      config: { upload: MOST_UPLOADED },
      schema: {
        operationId: 'giveDocument',
        summary: 'Upload the identity document (PDF, JPEG or PNG, at most 5 MB), and choose how to pay',
        consumes: ['multipart/form-data'],
        params: idParams,
        body: z.object({ file: fileSchema, method: paymentMethod.optional() }),
        response: { 200: shownSchema },
      },
    },
    async ({ params: { id }, body: { file, method }, principal, actor }) => {
      checkOwn(principal, id)
      return shown(await requests.giveDocument(id, file, actor, method))
    },
  )

  api.post(
    '/requests/:id/abandonment',
    {
      schema: {
        operationId: 'abandonRequest',
        summary: 'Not go on; the personal data are erased 30 days later',
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async ({ params: { id }, principal, actor }, answer) => {
      checkOwn(principal, id)
      await requests.abandon(id, actor)
      return answer.code(204).send()
    },
  )

  api.post(
    '/activations',
    {
      schema: {
        operationId: 'activate',
        summary: 'Set the first password of a mailbox, with the token of the one-time link',
        body: z.object({ token: z.string(), password: z.string().max(1000) }),
        response: { 200: activatedSchema },
      },
    },
    async ({ body: { token, password } }) => ({ address: await contracts.activate(token, password), ...parameters }),
  )
}
