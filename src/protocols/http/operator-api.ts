/**
 * The operators' API under /api/v1/operator: signing in, second factors, their own sessions. It knows no rule: the registry decides.
 *
 * The session is in a cookie that scripts cannot read and that other sites cannot send (`__Host-`, HttpOnly, Secure, SameSite=Strict). What
 * changes something must be JSON of the same origin besides, which no form of another site can send.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asCeralaccaError, clientError, type CeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import type { OperatorAccess } from '../../registry/operators/access.ts'
import type { Current, OpenedSession } from '../../registry/operators/sessions.ts'
import type { Enrolled } from '../../registry/operators/account.ts'

export interface OperatorApiDeps {
  readonly access: OperatorAccess
  readonly report: EventSink
}

const COOKIE = '__Host-ceralacca-operator'
const STATUS: Record<string, number> = {
  'bad-credentials': 401,
  'no-session': 401,
  'bad-second-factor': 401,
  'wrong-stage': 403,
  'not-allowed': 403,
  'other-origin': 403,
  'no-such-session': 404,
  'no-such-second-factor': 404,
  'last-second-factor': 409,
  'login-throttled': 429,
}

const statusOf = ({ code, fault }: CeralaccaError): number => STATUS[code] ?? (fault === 'client' ? 400 : 503)

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

function tokenOf({ headers }: FastifyRequest): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? ''
}

const setCookie = (answer: FastifyReply, { token, endsAt }: OpenedSession): FastifyReply =>
  answer.header('set-cookie', `${COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Expires=${endsAt.toUTCString()}`)

const dropCookie = (answer: FastifyReply): FastifyReply =>
  answer.header('set-cookie', `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`)

/** @throws `other-origin` */
function checkOrigin({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (origin !== undefined && origin !== `https://${host ?? ''}`)
    throw clientError('other-origin', 'This is not asked by our own pages')
  if (site !== undefined && site !== 'same-origin') throw clientError('other-origin', 'This is not asked by our own pages')
  if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? '')) {
    throw clientError('bad-request', 'What is sent must be JSON')
  }
}

export function registerOperatorApi(app: FastifyInstance, { access, report }: OperatorApiDeps): void {
  const { signIn, account } = access
  const current = (request: FastifyRequest): Promise<Current> => access.current(tokenOf(request))

  const shown = async ({ session, operator }: Current) => ({
    operator: operator.name,
    roles: operator.roles,
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
      })

      api.setErrorHandler((thrown, _request, answer) => {
        // What fastify itself refuses, such as a body that is no JSON, has a status.
        const given = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 0
        const error =
          given >= 400 && given < 500 ? clientError('bad-request', 'The request cannot be read') : asCeralaccaError(thrown)
        const status = statusOf(error)
        if (error.code === 'unexpected' || error.fault === 'bug') report('unexpected-error', { where: 'operator API', error })
        if (error.code === 'no-session') dropCookie(answer)
        const title = status < 500 ? error.message : 'It cannot be done now: try again later'
        return answer.code(status).type('application/problem+json').send({ type: 'about:blank', title, status, code: error.code })
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
