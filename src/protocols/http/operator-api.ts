/**
 * The operators' API under /api/v1/operator: signing in, second factors, their own sessions. It knows no rule: the registry decides.
 *
 * The session is in a cookie (operator-cookie.ts). What changes something must be JSON of the same origin besides, which no form of another
 * site can send.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientError, hasCode } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import type { OperatorAccess } from '../../registry/operators/access.ts'
import type { Current, OpenedSession } from '../../registry/operators/sessions.ts'
import type { Enrolled } from '../../registry/operators/account.ts'
import { createProblemAnswer } from './api/problems.ts'
import { checkOrigin, dropCookie, setCookie, tokenOf } from './operator-cookie.ts'

export interface OperatorApiDeps {
  readonly access: OperatorAccess
  readonly report: EventSink
}

/** A text field of a body. @throws `bad-request` */
function textOf(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  if (typeof value !== 'string') throw clientError('bad-request', `"${name}" must be a text`)
  return value
}

/** What an authenticator has answered; the library looks at each field of it. @throws `bad-request` */
function answerOf(body: unknown): object {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'response') : undefined
  if (typeof value !== 'object' || value === null)
    throw clientError('bad-request', '"response" must be what the authenticator answered')
  return value
}

/** @throws `bad-request` */
function checkIsJson({ method, headers }: FastifyRequest): void {
  if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? ''))
    throw clientError('bad-request', 'What is sent must be JSON')
}

export function registerOperatorApi(app: FastifyInstance, { access, report }: OperatorApiDeps): void {
  const { signIn, account } = access
  const problem = createProblemAnswer(report)
  const current = (request: FastifyRequest): Promise<Current> => access.current(tokenOf(request))

  const shown = async ({ session, operator }: Current) => ({
    operator: operator.name,
    roles: operator.roles,
    order: operator.order_code,
    stage: session.stage,
    factors: await signIn.factorsOf(operator),
    endsAt: session.ends_at,
  })

  const opened = (answer: FastifyReply, session: OpenedSession) => {
    setCookie(answer, session)
    return { stage: session.stage, endsAt: session.endsAt }
  }

  const enrolled = (answer: FastifyReply, { recoveryCodes, opened: session }: Enrolled) => {
    if (session) setCookie(answer, session)
    return { stage: 'full', ...(recoveryCodes && { recoveryCodes }) }
  }

  app.register(
    async (api) => {
      api.addHook('onRequest', async (request, answer) => {
        answer.header('cache-control', 'no-store')
        checkOrigin(request)
        checkIsJson(request)
      })

      api.setErrorHandler((thrown, request, answer) => {
        if (hasCode(thrown, 'no-session')) dropCookie(answer)
        problem(thrown, request, answer)
      })

      api.post('/session', async ({ body, ip }, answer) => {
        const session = await signIn.begin(textOf(body, 'name'), textOf(body, 'password'), ip)
        return { ...opened(answer, session), factors: session.factors }
      })
      api.get('/session', async (asked) => shown(await current(asked)))
      api.delete('/session', async (request, answer) => {
        await account.signOut(await current(request))
        return dropCookie(answer).code(204).send()
      })

      api.post('/session/totp', async (request, answer) =>
        opened(answer, await signIn.giveCode(await current(request), textOf(request.body, 'code'), request.ip)),
      )
      api.post('/session/recovery-code', async (request, answer) =>
        opened(answer, await signIn.giveRecoveryCode(await current(request), textOf(request.body, 'code'), request.ip)),
      )
      api.post('/session/passkey/options', async (asked) => signIn.passkeyOptions(await current(asked)))
      api.post('/session/passkey', async (request, answer) =>
        opened(answer, await signIn.givePasskey(await current(request), answerOf(request.body), request.ip)),
      )

      api.get('/sessions', async (asked) => account.sessions(await current(asked)))
      api.delete<{ Params: { id: string } }>('/sessions/:id', async (request, answer) => {
        await account.endSession(await current(request), request.params.id)
        return answer.code(204).send()
      })

      api.get('/second-factors', async (asked) => {
        const now = await current(asked)
        const passkeys = (await account.passkeys(now)).map(({ id, label, created_at, last_used_at }) => ({
          id,
          label,
          createdAt: created_at,
          lastUsedAt: last_used_at,
        }))
        return { totp: now.operator.totp !== null, passkeys }
      })
      api.post('/second-factors/totp', async (asked) => account.offerTotp(await current(asked)))
      api.post('/second-factors/totp/confirm', async (request, answer) =>
        enrolled(answer, await account.confirmTotp(await current(request), textOf(request.body, 'code'))),
      )
      api.post('/second-factors/passkey/options', async (asked) => account.passkeyOptions(await current(asked)))
      api.post('/second-factors/passkey', async (request, answer) => {
        const { body } = request
        return enrolled(answer, await account.addPasskey(await current(request), textOf(body, 'label'), answerOf(body)))
      })
      api.delete<{ Params: { id: string } }>('/second-factors/:id', async (request, answer) => {
        await account.removeFactor(await current(request), request.params.id)
        return answer.code(204).send()
      })
      api.post('/recovery-codes', async (asked) => ({
        recoveryCodes: await account.renewRecoveryCodes(await current(asked)),
      }))

      api.post('/password', async (request, answer) => {
        const { body, ip } = request
        await account.changePassword(await current(request), {
          from: textOf(body, 'from'),
          to: textOf(body, 'to'),
          clientAddress: ip,
        })
        return answer.code(204).send()
      })
    },
    { prefix: '/api/v1/operator' },
  )
}
