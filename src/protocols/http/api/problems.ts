/** Errors as answers (RFC 9457, application/problem+json): a code, its status and its type from the one table, and what to do in words. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { asCeralaccaError, CeralaccaError, clientError } from '../../../base/errors.ts'
import type { EventSink } from '../../../base/events.ts'
import { statusOf, typeOf } from './problem-types.ts'

export const problemSchema = z
  .object({
    type: z.string().describe('leads to what is said of the code'),
    title: z.string().describe('the code in words, the same for each answer with it'),
    status: z.int(),
    code: z.string().describe('stable: decide by it'),
    detail: z.string().describe('what is wrong with this request, and what to do'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'An error (RFC 9457)' })

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

type Wrong = z.infer<typeof problemSchema>['errors']

/** What fastify and its plugins refuse by themselves, by the status that they give. */
const OF_STATUS: Readonly<Record<number, { code: string; message: string }>> = {
  413: { code: 'too-large', message: 'What was sent has too many bytes' },
  429: { code: 'too-many-requests', message: 'Too many requests: wait as long as Retry-After says' },
}

function errorOf(thrown: unknown): { error: CeralaccaError; errors?: Wrong } {
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const where = thrown.validationContext ?? 'request'
    const errors = thrown.validation.map(({ instancePath, message }) => ({
      path: `${where}${instancePath}`,
      message: message ?? 'is not of its form',
    }))
    return { error: clientError('bad-request', 'Values are not of their form: see "errors"'), errors }
  }
  if (isResponseSerializationError(thrown))
    return { error: new CeralaccaError('answer-not-of-its-form', 'bug', thrown.message, { cause: thrown.cause }) }
  const given = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 0
  if (given < 400 || given >= 500) return { error: asCeralaccaError(thrown) }
  const { code, message } = OF_STATUS[given] ?? { code: 'bad-request', message: 'The request cannot be read' }
  return { error: clientError(code, message) }
}

/** Answers an error; what is ours to look at is reported, and not shown. */
export function createProblemAnswer(report: EventSink) {
  return (thrown: unknown, request: FastifyRequest, answer: FastifyReply): void => {
    const { error, errors } = errorOf(thrown)
    const status = statusOf(error)
    const ours = status >= 500
    if (error.code === 'unexpected' || error.fault === 'bug')
      report('unexpected-error', { where: `API ${request.routeOptions.schema?.operationId ?? request.method}`, error })
    if (status === 401) answer.header('www-authenticate', 'Basic realm="Ceralacca", charset="UTF-8"')
    if (ours || error.code === 'idempotency-in-progress') answer.header('retry-after', ours ? '30' : '1')
    const code = ours && error.fault === 'bug' ? 'not-now' : error.code
    void answer
      .code(status)
      .type(PROBLEM_MEDIA_TYPE)
      .serializer(JSON.stringify)
      .send({
        type: typeOf(code),
        title: code.replaceAll('-', ' '),
        status,
        code,
        detail: ours ? 'It cannot be done now: try again later' : error.message,
        ...(errors && { errors }),
      })
  }
}
